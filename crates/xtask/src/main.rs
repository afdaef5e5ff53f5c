//! The project's automation: `cargo xtask SUBCOMMAND`.
//!
//! One file a subcommand. A subcommand returns whether everything passed; what it could not do at
//! all is an error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod bench;
mod build;
mod conformance;
mod corpus;
mod integrations;
mod kubeconform;
mod road;
mod schema_pack;
mod schemas;
mod system;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage:
  cargo xtask test                       check everything
  cargo xtask conformance KIND [FILE…]   run recorded cases (KIND: yaml-parse, yaml-emit, semver,
                                         definitions)
  cargo xtask bench                      measure everything
  cargo xtask bench yaml [--files DIR]   measure reading and writing YAML, beside Go
  cargo xtask bench compile [--in DIR]   measure compiling, beside a plain program
  cargo xtask bench charts [--fab PATH]  measure charts, beside Fabrikate
  cargo xtask bench diff                 measure differences, beside dyff
  cargo xtask bench publish              measure publishing, beside a script
  cargo xtask bench validate [--files DIR]  measure validation, beside kubeconform
  cargo xtask bench agent                measure the agent on a real API server
  cargo xtask corpus validate DIR        compare verdicts on manifests below DIR with kubeconform's
  cargo xtask integrations               build and test what CI systems run
  cargo xtask road                       walk a change from a pull request to a cluster, and back
  cargo xtask schemas                    write the JSON Schemas of the file formats
  cargo xtask schema-pack                pack the API of every Kubernetes version for hld-lint
  cargo xtask tools [NAME…]              get the real programs that tests compare with or run on";

/// What a subcommand comes to: whether all passed, or why it could not be run.
type Outcome = Result<bool, String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["conformance", kind, files @ ..] => conformance::run(kind, files),
        ["bench"] => bench::all(),
        ["bench", "yaml", options @ ..] => bench::yaml(options),
        ["bench", "compile", options @ ..] => bench::compile(options),
        ["bench", "charts", options @ ..] => bench::charts(options),
        ["bench", "diff"] => bench::diff(),
        ["bench", "publish"] => bench::publish(),
        ["bench", "validate", options @ ..] => bench::validate(options),
        ["bench", "agent"] => bench::agent(),
        ["corpus", "validate", folder, options @ ..] => corpus::validate(folder, options),
        ["integrations"] => integrations::run(),
        ["road"] => road::run(),
        ["schemas"] => schemas::run(),
        ["schema-pack"] => schema_pack::run(),
        ["test"] => test::run(),
        ["tools", names @ ..] => tools::run(names),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
