use super::*;
use crate::config::Config;

fn database(settings: &str) -> Database {
    Config::from_layers(&[settings]).unwrap().database
}

fn problems(settings: &str) -> Vec<String> {
    let mut problems = Vec::new();
    database(settings).check(Environment::Production, &mut problems);
    problems
}

#[test]
fn every_password_can_be_put_into_the_address() {
    let database = database("database.url = \"postgres://izin@db:5432/izin?application_name=a\"");
    for (password, encoded) in [
        ("hunter2", "hunter2"),
        ("p@ss/w:rd?#%41", "p%40ss%2Fw%3Ard%3F%23%2541"),
        ("é ~", "%C3%A9%20~"),
    ] {
        let url = database.url_with(Some(&password.into()));
        let expected = format!("postgres://izin:{encoded}@db:5432/izin?application_name=a");
        assert_eq!(url.expose_secret(), expected);
    }
    let unchanged = database.url_with(None);
    assert_eq!(unchanged.expose_secret(), database.url.expose_secret());
}

#[test]
fn one_password_and_a_user_to_it() {
    let with_file = |url: &str| {
        problems(&format!(
            "[database]\nurl = \"{url}\"\npassword_file = \"f\""
        ))
    };
    assert_eq!(with_file("postgres://izin@db/izin"), Vec::<String>::new());
    for (url, told) in [
        ("postgres://izin:hunter2@db/izin", "exclude each other"),
        ("postgres://db/izin", "must name the user"),
        (
            "postgres://db/izin?application_name=a@b",
            "must name the user",
        ),
        ("sqlite:izin.db", "is for PostgreSQL"),
    ] {
        let problems = with_file(url);
        assert!(
            problems.iter().any(|problem| problem.contains(told)),
            "{url}: {problems:?}"
        );
        assert!(!problems.join("").contains("hunter2"));
    }
    let told = problems("database.url = \"mysql://izin:hunter2@db/izin\"");
    assert_eq!(told, ["database.url must be sqlite:PATH or postgres://…"]);
}

#[test]
fn beyond_this_machine_the_connection_is_encrypted() {
    for (url, reach, tls) in [
        ("sqlite:izin.db", Reach::File, DatabaseTls::Disable),
        ("postgres:///izin", Reach::Socket, DatabaseTls::Disable),
        (
            "postgres://izin@%2Frun%2Fpostgresql/izin",
            Reach::Socket,
            DatabaseTls::Disable,
        ),
        (
            "postgres:///izin?host=/run/postgresql",
            Reach::Socket,
            DatabaseTls::Disable,
        ),
        (
            "postgres://izin@localhost/izin",
            Reach::ThisMachine,
            DatabaseTls::Disable,
        ),
        (
            "postgres://izin@[::1]:5433/izin",
            Reach::ThisMachine,
            DatabaseTls::Disable,
        ),
        (
            "postgres://izin@db/izin",
            Reach::Network,
            DatabaseTls::VerifyFull,
        ),
        (
            "postgres://izin@10.0.0.5:5432/izin",
            Reach::Network,
            DatabaseTls::VerifyFull,
        ),
        (
            "postgres://izin@localhost,db/izin",
            Reach::Network,
            DatabaseTls::VerifyFull,
        ),
        (
            "postgres://izin@localhost/izin?hostaddr=10.0.0.5",
            Reach::Network,
            DatabaseTls::VerifyFull,
        ),
    ] {
        let database = database(&format!("database.url = \"{url}\""));
        assert_eq!((database.reach(), database.tls()), (reach, tls), "{url}");
    }
}

#[test]
fn tls_that_cannot_be_or_is_too_little_is_told() {
    for (settings, told) in [
        (
            "url = \"postgres://izin@db/izin\"\ntls = \"disable\"",
            "is refused",
        ),
        (
            "url = \"postgres://izin@db/izin?sslmode=require\"",
            "may not have sslmode",
        ),
        (
            "url = \"postgres://izin@db/izin?a=b&sslrootcert=/x\"",
            "may not have sslrootcert",
        ),
        (
            "url = \"postgres:///izin\"\ntls = \"verify-full\"",
            "has a socket",
        ),
        (
            "url = \"sqlite:izin.db\"\ntls = \"verify-full\"",
            "is for PostgreSQL",
        ),
        (
            "url = \"postgres://izin@localhost/izin\"\nca = \"ca.crt\"",
            "database.ca is of no use",
        ),
        (
            "url = \"postgres://izin@db/izin\"\nowner_password_file = \"x\"",
            "without database.owner_url",
        ),
        (
            "url = \"postgres://db/izin\"\nowner_url = \"postgres://owner@db/izin\"",
            "must name its user",
        ),
        (
            "url = \"sqlite:izin.db\"\nowner_url = \"postgres://owner@db/izin\"",
            "is for PostgreSQL",
        ),
        ("lock_timeout_ms = 99", "lock_timeout_ms must be between"),
        (
            "statement_timeout_ms = 60001",
            "statement_timeout_ms must be between",
        ),
    ] {
        let problems = problems(&format!("[database]\n{settings}"));
        assert!(
            matches!(&problems[..], [one] if one.contains(told)),
            "{settings}: {problems:?}"
        );
    }
    let wrong = Config::from_layers(&["database.tls = \"require\""]).unwrap_err();
    assert!(wrong.to_string().contains("verify-full"), "{wrong}");
    let elsewhere =
        database("database.url = \"postgres://izin@db/izin\"\ndatabase.tls = \"disable\"");
    let mut problems = Vec::new();
    elsewhere.check(Environment::Uat, &mut problems);
    assert_eq!(problems, Vec::<String>::new());
}
