use super::*;
use crate::doctor::certificates::made::{Wish, der, now};

fn signing(number: usize, days: (i64, i64)) -> ReadKey {
    let wish = Wish {
        days,
        ..Wish::signing()
    };
    ReadKey {
        setting: format!("signing.keys[{number}].private_key"),
        certificate_setting: format!("signing.keys[{number}].certificate"),
        source: KeySource {
            certificate: None,
            private_key: KeyLocation::File("signing.key".into()),
            passphrase_file: None,
        },
        purpose: Purpose::Signing,
        from: None,
        until: None,
        key: Outcome::OutOfReach,
        certificates: vec![der(&wish.self_signed("Signing"))],
    }
}

#[test]
fn keys_that_end_together_do_not_relieve_each_other() {
    for (other, follows) in [((-300, 5), false), ((-300, 6), true), ((6, 300), false)] {
        let inventory = Inventory {
            keys: vec![signing(0, (-300, 5)), signing(1, other)],
            ..Inventory::default()
        };
        let relief = inventory.relief(&inventory.keys[0], now());
        assert_eq!(relief.at_the_end, follows, "{other:?}");
    }
}

#[tokio::test]
async fn what_does_not_answer_is_told_from_what_there_are_no_threads_for() {
    let (_never_used, file) = std::sync::mpsc::channel::<()>();
    let unread = in_time(Duration::ZERO, move || file.recv().ok()).await;
    assert_eq!(unread, Err(Unread::TooSlow));
    assert_eq!(
        in_time(PATIENCE, || None::<()>).await,
        Err(Unread::NoThreads)
    );
}
