//! Definitions and examples as far as no chart is rendered: what stands in `fixtures/definitions` and
//! `fixtures/examples`. What needs the real helm is in `charts.rs`.

mod suite;

use std::process::ExitCode;

use hld_testkit::Hld;
use hld_testkit::examples::Scope;

fn main() -> ExitCode {
    let hld = Hld::without_charts(suite::PROGRAM.as_ref()).expect("a temporary folder can be made");
    suite::run(hld, Scope::WithoutCharts)
}
