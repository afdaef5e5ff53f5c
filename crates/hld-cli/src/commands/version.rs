//! `hld version`

use crate::options::Global;
use crate::ui::{self, Format};

pub(crate) fn run(global: &Global) {
    let version = env!("CARGO_PKG_VERSION");
    if global.format == Format::Json {
        ui::print(&format!("{}\n", serde_json::json!({ "version": version })));
    } else {
        ui::print(&format!("hld {version}\n"));
    }
}
