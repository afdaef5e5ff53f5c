//! Forms for other programs, with texts that try to be commands, markup or other lines of a log.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use hld_diag::render::{self, Report};
use hld_diag::{
    DEPRECATED_API, Diagnostic, NO_SCHEMA, REMOVED_API, SourceMap, Span, TracePoint, UNKNOWN_MANIFEST_FIELD,
};

/// Everything that a reader of some form takes for more than text.
const HOSTILE: &str = "a ##vso[task.setvariable variable=x;isSecret=false]y\r::set-env name=A::b\n::stop-commands::t\
    %0A::error::c ##[error] ]]> <b attr=\"'&\"> \u{1b}[31m \u{0} \u{202e} \u{fffe} ; ] , : level=error\n{\"a\":1}";

/// Diagnostics with and without places, in a file whose name and text are hostile.
fn with_report(test: impl FnOnce(&Report<'_>)) {
    let sources = SourceMap::default();
    let file = sources.add(format!("web/{HOSTILE}.yaml"), format!("kind: A\n{HOSTILE}: 1\n"));
    let plain = sources.add("web/a.yaml", "a: 1\nb: 2\n");
    let at = Span::new(file, 8, 12);
    let diagnostics = [
        Diagnostic::new(REMOVED_API, Span::new(plain, 5, 6), "`b` is gone").hint("use `c`"),
        Diagnostic::new(DEPRECATED_API, Span::new(plain, 0, 1), "`a` goes"),
        Diagnostic::new(UNKNOWN_MANIFEST_FIELD, at, HOSTILE).hint(HOSTILE).label(at, HOSTILE),
        Diagnostic::new(UNKNOWN_MANIFEST_FIELD, Span::NONE, "x".repeat(1_000_000))
            .trace(&[TracePoint { what: HOSTILE.to_owned(), span: at }]),
        Diagnostic::new(NO_SCHEMA, Span::NONE, HOSTILE),
    ];
    let summary = [format!("prod: {HOSTILE}")];
    test(&Report { diagnostics: &diagnostics, sources: &sources, base: "apps/shop", summary: &summary });
}

/// Names and values, decoded.
type Properties = Vec<(String, String)>;

/// What the runner of GitHub makes of a line: command and properties.
fn github_command(line: &str) -> Option<(&str, Properties)> {
    let (head, _) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
    let decode = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let properties = properties.split(',').filter_map(|pair| pair.split_once('='));
    let properties = properties.map(|(name, value)| (name.to_owned(), decode(value))).collect();
    Some((command, properties))
}

#[test]
fn github_gets_one_annotation_a_line() {
    with_report(|report| {
        let text = render::github(report);
        assert!(text.starts_with(
            "::error file=apps/shop/web/a.yaml,line=2,col=1,title=HLD1005::`b` is gone%0Ahelp: use `c`\n\
             ::warning file=apps/shop/web/a.yaml,line=1,col=1,title=HLD1006::`a` goes\n"
        ));
        let commands: Vec<_> = text.lines().map(|line| github_command(line).unwrap()).collect();
        let words: Vec<&str> = commands.iter().map(|(command, _)| *command).collect();
        assert_eq!(words, ["error", "warning", "error", "error", "notice"]);
        for (_, properties) in &commands {
            let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
            assert!(names == ["file", "line", "col", "title"] || names == ["title"], "{names:?}");
        }
        assert!(commands[2].1[0].1.starts_with("apps/shop/web/a \\u{23}#vso["), "{:?}", commands[2].1);
    });
}

#[test]
fn azure_gets_one_issue_a_line() {
    with_report(|report| {
        let text = render::azure(report);
        assert!(text.starts_with(
            "##vso[task.logissue type=error;sourcepath=apps/shop/web/a.yaml;linenumber=2;columnnumber=1;\
             code=HLD1005;]HLD1005: `b` is gone%0Ahelp: use `c`\n##vso[task.logissue type=warning;"
        ));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        for line in &lines[..4] {
            let (properties, _) = line.strip_prefix("##vso[task.logissue ").unwrap().split_once(']').unwrap();
            let names: Vec<&str> =
                properties.split_terminator(';').map(|pair| pair.split_once('=').unwrap().0).collect();
            assert!(
                names.ends_with(&["code"]) && names.starts_with(&["type"]) && names.len() <= 5,
                "{names:?}"
            );
        }
        assert!(lines[4].starts_with("note[HLD1008]: a \\u{23}#vso["), "{}", lines[4]);
    });
}

#[test]
fn b160_no_form_begins_a_command_of_its_text() {
    with_report(|report| {
        for text in [render::github(report), render::junit(report)] {
            assert!(!text.contains("##vso[") && !text.contains("##["), "{text}");
        }
        let azure = render::azure(report);
        assert_eq!(azure.matches("##vso[").count(), 4);
        assert_eq!(azure.matches("##[").count(), 0);
        for line in render::junit(report).lines().chain(azure.lines()) {
            assert!(!line.trim_start().starts_with("::"), "{line}");
        }
        let shown = report.diagnostics.iter();
        for text in shown.map(|one| render::terminal(one, report.sources, render::Colour::Plain)) {
            assert!(!text.contains("##vso[") && !text.contains("##["), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        }
    });
}

#[test]
fn b162_one_diagnostic_is_one_line_of_a_log_and_not_endless() {
    with_report(|report| {
        for text in [render::github(report), render::azure(report)] {
            assert_eq!(text.lines().count(), report.diagnostics.len());
            assert!(!text.contains('\r') && !text.contains('\u{1b}'));
            assert!(text.lines().all(|line| line.len() < 16 << 10), "a line is longer than 16 KiB");
        }
    });
}

#[test]
fn b163_reports_are_valid_documents_whatever_they_say() {
    with_report(|report| {
        check_xml(&render::junit(report));
        let sarif = render::sarif(report);
        let again: serde_json::Value = serde_json::from_str(&sarif.to_string()).unwrap();
        assert_eq!(again, sarif);
    });
}

#[test]
fn junit_counts_what_failed() {
    with_report(|report| {
        let text = render::junit(report);
        assert!(text.contains("<testsuite name=\"hld\" tests=\"6\" failures=\"3\" errors=\"0\">"), "{text}");
        assert!(text.contains(
            "<testcase classname=\"apps/shop/web/a.yaml\" name=\"HLD1005 apps/shop/web/a.yaml:2:1\">"
        ));
        assert!(
            text.contains("<failure type=\"HLD1005\" message=\"`b` is gone\">error[HLD1005]: `b` is gone")
        );
        assert_eq!(text.matches("<failure").count(), 3);
    });
}

#[test]
fn sarif_has_results_with_rules_and_places() {
    with_report(|report| {
        let sarif = render::sarif(report);
        let run = &sarif["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 3);
        let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications.len(), 2);
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "apps/shop/web/a.yaml");
        assert_eq!(place["region"]["startLine"], 2);
        let strange = run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap();
        assert!(
            strange.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`[]#".contains(&byte)),
            "{strange}"
        );
    });
}

/// Asserts that a text is well-formed XML, of the few forms that a report has.
fn check_xml(text: &str) {
    let is_char =
        |c: char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_char), "a character that XML can not have");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.split_once("?>\n").unwrap().1;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at]);
        let (tag, behind) = rest[at + 1..].split_once('>').unwrap();
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        assert!(!tag.contains('<'), "{tag}");
        let (name, attributes) = tag.trim_end_matches('/').split_once(' ').unwrap_or((tag, ""));
        assert!(attributes.matches('"').count() % 2 == 0, "{tag}");
        check_text(attributes);
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
}

fn check_text(text: &str) {
    assert!(!text.contains('>'), "{text}");
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
        assert!(known.iter().any(|entity| text[at..].starts_with(entity)), "{}", &text[at..]);
    }
}
