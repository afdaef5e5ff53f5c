//! The program `hld-agent`: it reads its configuration, and runs until it is told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use hld_agent::config::{self, Config, Parsed};
use hld_diag::render::{self, Colour};
use hld_diag::{Diagnostic, SourceMap};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

fn main() -> ExitCode {
    match config::parse(std::env::args()) {
        Parsed::Run(config, warnings) => {
            show(&warnings, &SourceMap::default());
            start(*config)
        }
        Parsed::Usage(error) => {
            error.print().ok();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
        Parsed::Wrong(diagnostics, sources) => {
            show(&diagnostics, &sources);
            ExitCode::from(2)
        }
    }
}

fn show(diagnostics: &[Diagnostic], sources: &SourceMap) {
    let mut err = std::io::stderr().lock();
    for diagnostic in diagnostics {
        writeln!(err, "{}", render::terminal(diagnostic, sources, Colour::Plain)).ok();
    }
}

fn start(config: Config) -> ExitCode {
    hld_agent::start_log(config.log_format);
    // Little runs at once: the loop, what the API server answers, a probe.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no threads can be started");
            return ExitCode::from(5);
        }
    };
    let ended = runtime.block_on(async {
        let (sender, stop) = watch::channel(false);
        tokio::spawn(async move {
            wait_for_signal().await;
            tracing::info!("told to stop");
            sender.send(true).ok();
            // The other end must not take a sender that is gone for a word to stop.
            std::future::pending::<()>().await;
        });
        let started = |addresses: hld_agent::Addresses| {
            let webhooks = addresses.webhooks.map(|address| address.to_string()).unwrap_or_default();
            tracing::info!(health = %addresses.health, metrics = %addresses.metrics, webhooks, "listening");
        };
        hld_agent::run(config, stop, started).await
    });
    // A fetch that hangs is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the agent can not start");
            ExitCode::from(5)
        }
    }
}

async fn wait_for_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
