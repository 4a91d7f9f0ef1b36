use crate::bank::*;

#[tokio::test]
async fn right() {
    let begun = std::time::Instant::now();
    let report = check_sign_in(Bank::right(), &sign_in_options()).await;
    println!("{report}\n{:?}", begun.elapsed());
    assert_not_met(&report, &[]);
    assert!(report.passed());
}
