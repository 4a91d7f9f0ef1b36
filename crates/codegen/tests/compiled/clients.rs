//! A client that implements the trait it calls, against routes that delegate to a boxed implementation of it.

use chrono::DateTime;

use crate::{
    branch::{MemberId, Problem, client},
    branch_generated::branch::{
        client::MembersClient,
        members::{
            GetMemberOutput, GetMemberParams, Members, OPERATIONS, RegisterMemberOutput,
            RenameMemberParams, SearchMembersParams,
        },
        types::{Applicant, Company, Person, SearchMembersKindItem},
    },
};

fn members() -> MembersClient {
    MembersClient(client())
}

fn id(text: &str) -> MemberId {
    MemberId::try_from(text.to_owned()).unwrap()
}

fn person() -> Person {
    Person {
        name: "Aminah".to_owned(),
        born: None,
        introduced_by: None,
        address: None,
        newsletter: false,
        passphrase: None,
    }
}

#[tokio::test]
async fn each_success_arrives_as_what_it_is() {
    let get = async |etag: Option<&str>| {
        let params = GetMemberParams {
            member_id: id("m-1"),
            if_none_match: etag.map(str::to_owned),
        };
        members().get_member(params).await.unwrap()
    };
    let GetMemberOutput::Ok { body, etag, x_age } = get(None).await else {
        panic!("200 is expected");
    };
    assert_eq!(
        (body.member_id, etag.as_str(), x_age),
        (id("m-1"), "\"1\"", Some(41))
    );
    let again = get(Some("\"1\"")).await;
    assert!(matches!(again, GetMemberOutput::NotModified { etag } if etag == "\"1\""));
}

#[tokio::test]
async fn alternatives_travel_with_their_discriminator() {
    let register = async |applicant| members().register_member(applicant).await.unwrap();
    let known = Person {
        introduced_by: Some(uuid::Uuid::nil()),
        ..person()
    };
    let company = Company {
        kind: String::new(),
        registration: "202401000001".to_owned(),
        contacts: None,
    };
    let created = register(Applicant::Person(person())).await;
    assert!(
        matches!(created, RegisterMemberOutput::Created { location, .. } if location == "/v1/members/Aminah")
    );
    let existing = register(Applicant::Person(known)).await;
    assert!(matches!(existing, RegisterMemberOutput::Ok(_)));
    let accepted = register(Applicant::Company(company)).await;
    assert!(matches!(accepted, RegisterMemberOutput::Accepted));
}

#[tokio::test]
async fn a_refusal_and_an_operation_without_implementation_are_errors() {
    let nobody = GetMemberParams {
        member_id: id("nobody"),
        if_none_match: None,
    };
    let Problem(status, _) = members().get_member(nobody).await.unwrap_err();
    assert_eq!(status, 404);
    let params = RenameMemberParams {
        member_id: id("m-1"),
    };
    let renamed = members().rename_member(params, "Mina".to_owned()).await;
    assert_eq!(renamed.unwrap_err().0, 501);
}

#[tokio::test]
async fn an_answer_beyond_its_limits_is_refused() {
    let search = async |limit| {
        let params = SearchMembersParams {
            kind: Some(vec![
                SearchMembersKindItem::Person,
                SearchMembersKindItem::Company,
            ]),
            limit,
            since: DateTime::parse_from_rfc3339("2026-01-05T09:41:07+08:00").unwrap(),
            below: Some(9.4),
        };
        members().search_members(params).await
    };
    assert_eq!(search(20).await.unwrap().len(), 20);
    let Problem(_, reason) = search(90).await.unwrap_err();
    assert!(reason.contains("maxItems"), "{reason}");
    // The other side checks what it is asked.
    assert_eq!(search(15).await.unwrap_err().0, 400);
}

#[tokio::test]
async fn a_text_travels_under_its_own_media_type() {
    #[expect(deprecated, reason = "the document says so")]
    client().send_notice("a.b.c".to_owned()).await.unwrap();
}

#[test]
fn an_operation_knows_its_documented_statuses() {
    let operation = |id| OPERATIONS.iter().find(|it| it.id == id).unwrap();
    assert_eq!(operation("getMember").statuses, [200, 304, 400, 404]);
    assert!(operation("registerMember").documents(422));
    assert!(!operation("registerMember").documents(503));
    assert!(operation("searchMembers").documents(503));
}
