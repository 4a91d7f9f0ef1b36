//! Secrets are not printed; everything beside them is, and as a derived `Debug` prints it.

use std::fmt::Debug;

use crate::{
    branch_generated::branch::{
        members::RegisterMemberOutput,
        types::{Applicant, Member, Person, Rating},
    },
    library_generated::library::{
        server::{GetBookParams, VisitDeskOutput},
        types::{Binding, ObtainTokenRequest, ObtainTokenRequestKind},
    },
};

const SECRET: &str = "open sesame";

/// What a derive on the same type would print of it, had the secret been the word that stands for one.
#[track_caller]
fn prints_as(value: &impl Debug, derived: &impl Debug) {
    assert_eq!(format!("{value:?}"), format!("{derived:?}"));
    assert_eq!(format!("{value:#?}"), format!("{derived:#?}"));
    assert!(!format!("{value:?}{value:#?}").contains(SECRET));
}

#[test]
fn a_body_keeps_its_secret() {
    mod derived {
        #[derive(Debug)]
        #[expect(dead_code, reason = "printed only")]
        pub(super) struct ObtainTokenRequest {
            pub(super) r#use: &'static str,
            pub(super) kind: Option<super::ObtainTokenRequestKind>,
            pub(super) passphrase: &'static str,
        }
    }
    let expected = derived::ObtainTokenRequest {
        r#use: "reading",
        kind: Some(ObtainTokenRequestKind::OneTime),
        passphrase: "(secret)",
    };
    // An absent secret looks like one that is there.
    for passphrase in [Some(SECRET.to_owned()), None] {
        let body = ObtainTokenRequest {
            r#use: "reading".to_owned(),
            kind: Some(ObtainTokenRequestKind::OneTime),
            passphrase,
        };
        prints_as(&body, &expected);
    }
}

#[test]
fn parameters_keep_their_secret() {
    let params = GetBookParams {
        shelf_id: 3,
        book_id: "emma".to_owned(),
        x_reader_id: None,
        x_reader_pin: Some(SECRET.to_owned()),
        genre: None,
        r#type: Some(Binding::HardCover),
        page_size: 20,
    };
    let printed = format!("{params:?}");
    let expected = "GetBookParams { shelf_id: 3, book_id: \"emma\", x_reader_id: None, \
        x_reader_pin: \"(secret)\", genre: None, type: Some(HardCover), page_size: 20 }";
    assert_eq!(printed, expected);
    assert!(!format!("{params:#?}").contains(SECRET));
}

#[test]
fn headers_of_answers_keep_their_secret() {
    let visited = VisitDeskOutput {
        location: "/desk".to_owned(),
        x_queue: Some(3),
        x_ticket: Some(SECRET.to_owned()),
    };
    let expected =
        "VisitDeskOutput { location: \"/desk\", x_queue: Some(3), x_ticket: \"(secret)\" }";
    assert_eq!(format!("{visited:?}"), expected);

    let member = Member {
        name: "Aminah".to_owned(),
        member_id: "m-1".to_owned().try_into().unwrap(),
        sponsor: None,
    };
    let printed = format!("{member:?}");
    let created = RegisterMemberOutput::Created {
        body: member.clone(),
        location: "/m-1".to_owned(),
        x_first_pin: Some(SECRET.to_owned()),
    };
    for (output, expected) in [
        (
            created,
            format!("Created {{ body: {printed}, location: \"/m-1\", x_first_pin: \"(secret)\" }}"),
        ),
        (RegisterMemberOutput::Ok(member), format!("Ok({printed})")),
        (RegisterMemberOutput::Accepted, "Accepted".to_owned()),
    ] {
        assert_eq!(format!("{output:?}"), expected);
        assert!(!format!("{output:#?}").contains(SECRET));
    }
}

#[test]
fn alternatives_keep_their_secret() {
    mod derived {
        #[derive(Debug)]
        #[expect(dead_code, reason = "printed only")]
        pub(super) enum Rating {
            Integer(i64),
            Coupon(&'static str),
        }
    }
    let coupon = Rating::Coupon(SECRET.to_owned());
    prints_as(&coupon, &derived::Rating::Coupon("(secret)"));
    prints_as(&Rating::Integer(3), &derived::Rating::Integer(3));
}

/// A type without a secret of its own prints what it holds, and that hides what it has to hide.
#[test]
fn a_secret_deep_inside_is_kept() {
    let applicant = Applicant::Person(Person {
        name: "Aminah".to_owned(),
        born: None,
        introduced_by: None,
        address: None,
        newsletter: true,
        passphrase: Some(SECRET.to_owned()),
    });
    let expected = "Person(Person { name: \"Aminah\", born: None, introduced_by: None, \
        address: None, newsletter: true, passphrase: \"(secret)\" })";
    assert_eq!(format!("{applicant:?}"), expected);
    assert!(!format!("{applicant:#?}").contains(SECRET));
}

/// Only the printed form is without the secret: what travels has it.
#[test]
fn a_secret_is_still_sent_and_compared() {
    let body = |passphrase: &str| ObtainTokenRequest {
        r#use: "reading".to_owned(),
        kind: None,
        passphrase: Some(passphrase.to_owned()),
    };
    let sent = serde_json::to_value(body(SECRET)).unwrap();
    assert_eq!(sent["passphrase"], SECRET);
    assert_ne!(body(SECRET), body("another"));
}
