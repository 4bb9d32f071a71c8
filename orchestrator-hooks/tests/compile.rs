//! Reactions that an event does not have do not compile, and the compiler says why in our words.

#[test]
fn impossible_reactions_do_not_compile() {
    let cases = trybuild::TestCases::new();
    // The same events, used as they should be: the others fail for their reason alone.
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
