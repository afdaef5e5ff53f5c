//! `hld explain`

use hld_diag::{Code, nearest};

use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui::{self, Format};

/// Explain a code such as HLD0301: what happened, and how to mend it.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// The code; all codes with their titles when missing.
    code: Option<String>,
}

pub(crate) fn run(global: &Global, command: &Explain) -> Result<(), CommandError> {
    let Some(wanted) = &command.code else {
        list(global.format);
        return Ok(());
    };
    let Some(code) = Code::parse(wanted) else {
        let known: Vec<String> = Code::all().map(|code| code.to_string()).collect();
        let near =
            nearest(wanted, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        let error = CommandError::new(FailureKind::Usage, format!("there is no code `{wanted}`"));
        return Err(error.hint(near.unwrap_or_else(|| "`hld explain` lists all codes".to_owned())));
    };
    match global.format {
        Format::Json => {
            let page =
                serde_json::json!({ "code": code.to_string(), "title": code.title(), "page": code.page() });
            ui::print(&format!("{page}\n"));
        }
        _ => ui::print(code.page()),
    }
    Ok(())
}

fn list(format: Format) {
    match format {
        Format::Json => {
            let codes = Code::all()
                .map(|code| serde_json::json!({ "code": code.to_string(), "title": code.title() }));
            ui::print(&format!("{}\n", serde_json::Value::from_iter(codes)));
        }
        _ => {
            let lines = Code::all().map(|code| format!("{code}  {}\n", code.title()));
            ui::print(&lines.collect::<String>());
        }
    }
}
