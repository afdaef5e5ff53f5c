//! `schemas/` is what `cargo xtask schemas` writes.

use hld_compiler::FileFormat;

#[test]
fn schemas_are_fresh() {
    let folder = hld_testkit::repository().join("schemas");
    let written = hld_testkit::Files::read(&folder).unwrap();
    let formats = FileFormat::ALL
        .map(|format| (format!("{}.schema.json", format.name()), format.schema().into_bytes()));
    let expected = hld_testkit::Files(formats.into());
    let differs = written.bytes_difference(&expected);
    assert_eq!(differs, None, "run `cargo xtask schemas` and commit what it writes");
}
