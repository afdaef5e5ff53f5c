//! Definitions with charts, and the examples, rendered by the real helm.

mod suite;

use std::process::ExitCode;

use hld_testkit::examples::Scope;
use hld_testkit::{Hld, tools};

fn main() -> ExitCode {
    tools::require("helm", tools::HELM_4).expect("these tests need the real helm");
    let cache = tools::cache_dir().expect("the helm is in it");
    let hld = Hld::new(suite::PROGRAM.as_ref(), &cache).expect("a temporary folder can be made");
    suite::run(hld, Scope::Everything)
}
