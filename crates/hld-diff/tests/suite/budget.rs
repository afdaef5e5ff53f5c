//! Markdown keeps to its budget, and says what it left out.

use hld_diff::write::{Budget, markdown};
use hld_diff::{Comparison, fold};
use proptest::prelude::*;

use crate::{comparisons, difference};

fn cut(comparisons: &[Comparison], bytes: usize) -> String {
    let shown = markdown(&fold(comparisons), Some(&Budget { bytes, whole: "The artifact" }));
    assert!(shown.len() <= bytes, "{} of {bytes} bytes\n{shown}", shown.len());
    shown
}

/// ConfigMaps with so many lines of data each.
fn config_maps(sizes: &[usize]) -> String {
    let one = |(at, size): (usize, &usize)| {
        let lines: String = (0..*size).map(|n| format!("  k{n}: value {n}\n")).collect();
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{at}}}\ndata:\n{lines}")
    };
    sizes.iter().enumerate().map(one).collect::<Vec<_>>().join("---\n")
}

#[test]
fn what_fits_is_shown_whole() {
    let comparisons = [difference("", &config_maps(&[3, 5]))];
    assert_eq!(cut(&comparisons, 4_000), markdown(&fold(&comparisons), None));
}

#[test]
fn b159_a_large_object_is_cut_and_leaves_room_for_small_ones() {
    let shown = cut(&[difference("", &config_maps(&[3, 10_000, 4]))], 65_000);
    assert!(shown.contains("**Not all is shown here.** The artifact has the whole. Left out: "), "{shown}");
    assert!(shown.contains(" lines of 1 object that is cut short.\n"), "{shown}");
    assert!(shown.contains("+  k2: value 2\n") && shown.contains("`ConfigMap c2`"), "{shown}");
    let n_left: usize =
        shown.lines().find_map(|line| line.strip_prefix("… ")?.split(' ').next()?.parse().ok()).unwrap();
    assert_eq!(n_left + shown.matches("+  k").count() - 7, 10_003, "{n_left}");
    assert!(shown.len() > 55_000, "{}", shown.len());
}

#[test]
fn b159_ten_thousand_objects_are_counted_and_named_as_far_as_there_is_room() {
    let shown = cut(&[difference("", &config_maps(&vec![1; 10_000]))], 65_000);
    let n_shown = shown.matches("**added** ").count();
    let note = shown.lines().find(|line| line.starts_with("**Not all")).unwrap();
    let n_hidden = 10_000 - n_shown;
    assert!(note.contains(&format!(", all of {n_hidden} objects: `ConfigMap c")), "{note}");
    let n_named = note.matches('`').count() / 2;
    assert!(note.ends_with(&format!(" and {} more.", n_hidden - n_named)), "{note}");
    assert!(n_shown > 200, "{n_shown}");
}

#[test]
fn b159_one_very_long_line_is_cut() {
    let line =
        |c: &str| format!("apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nx: {}\n", c.repeat(1_000_000));
    let shown = cut(&[difference(&line("a"), &line("ä"))], 10_000);
    assert!(
        shown.contains("a … (999101 more bytes)\n") && shown.contains("ä … (1999102 more bytes)\n"),
        "{shown}"
    );
}

#[test]
fn dangers_are_kept_when_details_are_cut() {
    let claim =
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: z}\nspec: {volumeName: a}\n";
    let before = format!("{}{claim}", config_maps(&[]));
    let after =
        format!("{}{}", config_maps(&vec![100; 200]), claim.replace("volumeName: a", "volumeName: b"));
    let shown = cut(&[difference(&before, &after)], 8_000);
    assert!(shown.contains("⚠️ **1 dangerous change**") && shown.contains("-a\n+b\n"), "{shown}");
}

#[test]
fn very_many_environments_and_dangers_are_counted() {
    let claims: String = (0..100)
        .map(|n| format!("---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: c{n}}}\n"))
        .collect();
    let names: Vec<String> = (0..800).map(|n| format!("environment-{n}")).collect();
    let mut afters: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), claims.as_str())).collect();
    afters[..400].iter_mut().for_each(|(_, after)| *after = "");
    let shown = cut(&comparisons(&claims, &afters), 20_000);
    assert!(shown.contains(" more that differ.\n") && shown.contains(" more.\n"), "{shown}");
    assert!(shown.contains("⚠️ **100 dangerous changes**"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_budget(
        texts in prop::collection::vec("([@<`ä\u{1b}|/~]|\\PC|\n){0,400}", 1..12),
        bytes in 4_000_usize..20_000,
    ) {
        let object = |(at, text): (usize, &String)| {
            let text = serde_json::Value::from(text.as_str());
            let name = serde_json::Value::from(format!("{at}{}", text.as_str().unwrap_or_default().repeat(3)));
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {{\"name\": {name}}}, \"x\": {text}}}\n")
        };
        let all: String = texts.iter().enumerate().map(object).collect::<Vec<_>>().join("---\n");
        let outcome = crate::outcome("", &all);
        cut(&[Comparison { name: texts[0].clone(), difference: outcome.difference }], bytes);
    }
}
