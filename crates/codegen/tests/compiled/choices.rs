//! `oneOf`, read and written.

use poem_openapi::types::ParseFromJSON;
use serde_json::{Value, json};

use crate::branch_generated::branch::types::{Applicant, Rating, RatingDetailed, RatingOption1};

fn served<T: ParseFromJSON>(value: Value) -> Option<T> {
    T::parse_from_json(Some(value)).ok()
}

#[test]
fn the_discriminator_decides() {
    for kind in ["person", "citizen"] {
        let value = json!({ "kind": kind, "name": "Aminah" });
        assert!(matches!(served(value.clone()), Some(Applicant::Person(_))));
        let read: Applicant = serde_json::from_value(value).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap()["kind"], "person");
    }
    for refused in [
        json!({ "name": "Aminah" }),
        json!({ "kind": "robot", "name": "Aminah" }),
        json!({ "kind": "company", "name": "Aminah" }),
        json!("person"),
    ] {
        assert!(served::<Applicant>(refused.clone()).is_none(), "{refused}");
        assert!(serde_json::from_value::<Applicant>(refused).is_err());
    }
}

#[test]
fn without_a_discriminator_exactly_one_alternative_fits() {
    let good = Rating::Option1(RatingOption1::Good);
    let detailed = RatingDetailed {
        stars: 4,
        remark: None,
    };
    for (value, expected) in [
        (json!("good"), Some(good)),
        (json!(3), Some(Rating::Integer(3))),
        (json!({ "stars": 4 }), Some(Rating::Detailed(detailed))),
        (json!("fine"), None),
        (json!(6), None),
        (json!({ "stars": 6 }), None),
        (json!(null), None),
    ] {
        assert_eq!(served::<Rating>(value.clone()), expected, "{value}");
        if let Some(expected) = expected {
            assert_eq!(serde_json::to_value(&expected).unwrap(), value);
            assert_eq!(serde_json::from_value::<Rating>(value).unwrap(), expected);
        }
    }
}
