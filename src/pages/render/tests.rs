use super::*;
use crate::pages::views::{
    AccountKind, DataCluster, ErrorReason, FormError, Outcome, Purpose, Unavailable,
};

fn strict() -> Renderer {
    Renderer::build(&Branding::default(), MissingKey::Refuse).expect("templates compile")
}

/// Every sample in every language, as (name, language, screen, page).
fn every_page() -> Vec<(String, Language, Screen, String)> {
    let renderer = strict();
    let mut pages = Vec::new();
    for language in Language::ALL {
        for sample in samples() {
            let page = renderer
                .page(&Frame::sample(language), &sample.screen)
                .unwrap_or_else(|error| panic!("{} in {}: {error}", sample.name, language.tag()));
            pages.push((sample.name, language, sample.screen, page));
        }
    }
    pages
}

fn sample_review() -> ReviewView {
    let found = samples()
        .into_iter()
        .find_map(|sample| match sample.screen {
            Screen::Review(view) => Some(view),
            _ => None,
        });
    found.expect("a sample of the review")
}

fn sample(name: &str) -> Screen {
    let found = samples().into_iter().find(|sample| sample.name == name);
    found.expect("a sample of that name").screen
}

/// What stands between `<tag` and `>` for each such element.
fn elements<'a>(html: &'a str, tag: &str) -> Vec<&'a str> {
    let open = format!("<{tag}");
    html.split(&open)
        .skip(1)
        .filter(|rest| rest.starts_with([' ', '>']))
        .filter_map(|rest| rest.split('>').next())
        .collect()
}

#[test]
fn every_screen_renders_in_every_language() {
    for (name, language, screen, page) in every_page() {
        let case = format!("{name} in {}", language.tag());
        assert!(
            page.contains(&format!(r#"<html lang="{}">"#, language.tag())),
            "{case}"
        );
        assert!(
            page.contains(&format!(r#"<body data-screen="{}""#, screen.screen())),
            "{case}"
        );
        assert_eq!(elements(&page, "h1").len(), 1, "{case}");
        assert!(page.contains("Bank Contoh"), "{case}");
        assert!(page.contains("Kira Budget"), "{case}");
        assert!(page.contains("7C41-9E2B"), "{case}: rule U9");
    }
}

#[test]
fn outcomes_and_reasons_are_marked_on_the_body() {
    let renderer = strict();
    let frame = Frame::sample(Language::En);
    for outcome in Outcome::ALL {
        let screen = sample(&format!("result-{}", outcome.name()));
        let page = renderer.page(&frame, &screen).expect("a page");
        let body = format!(
            r#"<body data-screen="result" data-outcome="{}">"#,
            outcome.name()
        );
        assert!(page.contains(&body));
        let refresh = page.contains(r#"http-equiv="refresh""#);
        assert_eq!(refresh, outcome.refresh_seconds().is_some());
    }
    for reason in ErrorReason::ALL {
        let screen = sample(&format!("error-{}", reason.name()));
        let page = renderer.page(&frame, &screen).expect("a page");
        let body = format!(
            r#"<body data-screen="error" data-reason="{}">"#,
            reason.name()
        );
        assert!(page.contains(&body));
    }
}

#[test]
fn every_form_posts_here_and_carries_the_csrf_token() {
    let token = r#"<input type="hidden" name="csrf" value="sample-token">"#;
    for (name, _, screen, page) in every_page() {
        let forms = elements(&page, "form");
        assert_eq!(forms.len(), page.matches(token).count(), "{name}");
        assert!(forms.len() == 1 || screen.step().is_none(), "{name}");
        for form in forms {
            assert!(
                form.contains(r#"method="post" action="/consent""#),
                "{name}"
            );
        }
    }
}

#[test]
fn a_form_without_a_token_does_not_render() {
    let mut frame = Frame::sample(Language::En);
    for token in [None, Some(String::new())] {
        frame.csrf = token.map(Into::into);
        let refused = strict().page(&frame, &sample("username"));
        assert!(matches!(refused, Err(RenderError::Template(_))));
    }
    // A page without a form needs none.
    assert!(strict().page(&frame, &sample("error-invalid-link")).is_ok());
}

/// Rule U3.
#[test]
fn every_step_can_be_cancelled() {
    for (name, _, screen, page) in every_page() {
        let cancel = page.contains(r#"name="action" value="cancel""#);
        assert_eq!(cancel, screen.step().is_some(), "{name}");
    }
}

/// Rules U5 and U10: nothing from elsewhere, nothing that leads elsewhere, and nothing a strict CSP would refuse.
#[test]
fn pages_link_only_to_this_host() {
    for (name, _, _, page) in every_page() {
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for target in page.split(attribute).skip(1) {
                assert!(
                    target.starts_with(['/', '#']) && !target.starts_with("//"),
                    "{name}: {attribute}{target:.40}"
                );
            }
        }
        for forbidden in ["<script", "<style", " style=", " onclick=", "javascript:"] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
    }
}

/// Rule U7.
#[test]
fn an_error_is_told_first_and_at_its_field() {
    let renderer = strict();
    for (language, prefix) in [(Language::En, "Error: "), (Language::Ms, "Ralat: ")] {
        for name in ["username", "password", "otp", "accounts"] {
            let frame = Frame::sample(language);
            let calm = renderer.page(&frame, &sample(name)).expect("a page");
            let page = renderer
                .page(&frame, &sample(&format!("{name}-error")))
                .expect("a page");
            assert!(page.contains(&format!("<title>{prefix}")), "{name}");
            assert!(!calm.contains(&format!("<title>{prefix}")), "{name}");
            let (_, summary) = page.split_once("error-summary").expect("a summary");
            let (_, link) = summary.split_once("<a href=\"#").expect("a link");
            let (target, rest) = link.split_once("\">").expect("the link's end");
            let (words, rest) = rest.split_once("</a>").expect("the link's words");
            assert!(rest.contains(&format!(r#"id="{target}""#)), "{name}");
            assert!(rest.contains(words), "{name}");
        }
    }
}

/// Rule L1: no password box before the customer has acknowledged the secure phrase.
#[test]
fn the_password_box_is_on_its_own_screen_only() {
    for (name, _, screen, page) in every_page() {
        let asks = page.contains(r#"type="password""#);
        assert_eq!(asks, screen.screen() == "password", "{name}");
    }
}

/// Rule L3.
#[test]
fn password_managers_and_keyboards_are_helped() {
    let renderer = strict();
    let frame = Frame::sample(Language::En);
    for (name, attribute) in [
        ("username", r#"autocomplete="username""#),
        ("password", r#"autocomplete="current-password""#),
        ("otp", r#"autocomplete="one-time-code""#),
        ("otp", r#"inputmode="numeric""#),
    ] {
        let page = renderer.page(&frame, &sample(name)).expect("a page");
        assert!(page.contains(attribute), "{name}");
    }
}

/// Rules A1, A2 and A3.
#[test]
fn accounts_are_labelled_unticked_and_explained() {
    let page = strict()
        .page(&Frame::sample(Language::En), &sample("accounts"))
        .expect("a page");
    let boxes: Vec<_> = elements(&page, "input")
        .into_iter()
        .filter(|input| input.contains(r#"name="account_id""#))
        .collect();
    assert_eq!(boxes.len(), 5);
    assert_eq!(elements(&page, "label").len(), 5);
    assert_eq!(
        boxes
            .iter()
            .filter(|input| input.ends_with(" disabled"))
            .count(),
        2
    );
    assert!(!boxes.iter().any(|input| input.contains("checked")));
    assert!(page.contains("Joint accounts cannot be shared yet."));
    assert_eq!(
        elements(&page, "fieldset").len(),
        elements(&page, "legend").len()
    );
}

/// Rule U1: what was ticked survives an error.
#[test]
fn a_ticked_account_stays_ticked() {
    let Screen::Accounts(mut view) = sample("accounts") else {
        panic!("not the accounts");
    };
    view.accounts[1].checked = true;
    let page = strict()
        .page(&Frame::sample(Language::En), &view.into())
        .expect("a page");
    assert_eq!(page.matches(" checked>").count(), 1);
}

/// Rules R1 and R2.
#[test]
fn the_review_says_who_why_what_and_until_when() {
    let renderer = strict();
    let text = renderer
        .review_text(&sample_review(), Language::En)
        .expect("a text");
    for words in [
        "Kira Budget",
        "Personal finance management",
        "Account name, type and number",
        "for the last 12 months",
        "Everyday Savings-i",
        "1122••••3344",
        "20 May 2026, 10:38 am (Malaysian time)",
        "20 November 2026, 11:59 pm (Malaysian time)",
        "without asking you each time",
        "You can stop sharing at any time",
        "Share my data",
        "Do not share",
    ] {
        assert!(text.contains(words), "{words}\n---\n{text}");
    }
    let review = ReviewView {
        data: vec![DataCluster::Balances],
        ..sample_review()
    };
    let text = renderer.review_text(&review, Language::En).expect("a text");
    assert!(!text.contains("Transactions"));
}

/// Rule R9: the receipt says what the screen said, line by line.
#[test]
fn the_receipt_equals_the_screen() {
    let renderer = strict();
    for language in Language::ALL {
        let view = sample_review();
        let text = renderer.review_text(&view, language).expect("a text");
        let page = renderer
            .page(&Frame::sample(language), &view.into())
            .expect("a page");
        let page = plain_text::of(&page);
        let mut rest = page.as_str();
        for line in text.lines() {
            let (_, after) = rest
                .split_once(line)
                .unwrap_or_else(|| panic!("not on the page: {line}"));
            rest = after;
        }
    }
}

#[test]
fn names_are_escaped() {
    let renderer = strict();
    let mut frame = Frame::sample(Language::En);
    frame.consumer_name = Some("<script>alert(1)</script>".to_owned());
    frame.bank_name = "A \"B\" & <i>C</i>".to_owned();
    frame.path = "/x\"><script>".to_owned();
    for sample in samples() {
        let page = renderer.page(&frame, &sample.screen).expect("a page");
        assert!(!page.contains("<script"), "{}", sample.name);
        assert!(!page.contains("<i>"), "{}", sample.name);
    }
    let mut review = sample_review();
    review.consumer_name = "<script>".to_owned();
    let page = renderer
        .page(&frame, &review.clone().into())
        .expect("a page");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    let text = renderer.review_text(&review, Language::En).expect("a text");
    assert!(text.contains("<script>"), "the receipt has the plain name");
}

#[test]
fn the_language_switch_keeps_the_place() {
    assert_eq!(switch_to("/consent", "ms"), "/consent?lang=ms");
    assert_eq!(
        switch_to("/consent?a=1&lang=ms", "en"),
        "/consent?a=1&lang=en"
    );
    assert_eq!(switch_to("//elsewhere.example/", "ms"), "?lang=ms");
    assert_eq!(switch_to("/\\elsewhere.example/", "ms"), "?lang=ms");
    assert_eq!(switch_to("https://elsewhere.example/", "ms"), "?lang=ms");
}

/// Rule U6: the stylesheet knows each delay that a deadline can ask for, and the warning never comes late.
#[test]
fn the_end_is_announced_in_time() {
    let stylesheet = include_str!("../../../config/static/izin.css");
    let now = chrono::DateTime::from_timestamp(1_779_244_680, 0).expect("a time");
    for seconds in -10..600 {
        let deadline =
            crate::pages::views::Deadline::new(now + chrono::Duration::seconds(seconds), now);
        assert!(stylesheet.contains(&format!(".warn-in-{} ", deadline.warn_in)));
        assert!(deadline.warn_in == 0 || seconds - deadline.warn_in >= 120);
    }
}

/// A key that no template and no view asks for is a sentence that nobody will ever read.
#[test]
fn every_message_is_used() {
    let templates: String = TEMPLATES.iter().map(|(_, source)| *source).collect();
    let built = built_keys();
    for line in Language::En.source().lines() {
        let Some((key, _)) = line.split_once(" =") else {
            continue;
        };
        if !key.starts_with(|first: char| first.is_ascii_lowercase()) {
            continue;
        }
        let used = templates.contains(&format!("\"{key}\"")) || built.iter().any(|it| it == key);
        assert!(used, "{key}");
    }
}

/// Keys that are put together from a view's values all exist, in both languages.
#[test]
fn every_value_has_words() {
    let renderer = strict();
    for language in Language::ALL {
        let words = renderer.words(&Frame::sample(language), &sample("otp"));
        for key in built_keys() {
            let mut arguments = fluent_bundle::FluentArgs::new();
            for name in [
                "bank", "consumer", "months", "date", "time", "day", "month", "year",
            ] {
                arguments.set(name, "1");
            }
            for name in ["hour", "minute", "period"] {
                arguments.set(name, "1");
            }
            let text = words.messages.text(language, &key, &arguments);
            assert!(text.is_ok(), "{text:?}");
        }
    }
}

fn built_keys() -> Vec<String> {
    fn names<T: serde::Serialize>(prefix: &str, values: &[T], suffix: &str) -> Vec<String> {
        let name = |value: &T| match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => format!("{prefix}{name}{suffix}"),
            other => panic!("not a name: {other:?}"),
        };
        values.iter().map(name).collect()
    }
    let mut keys = [
        names("account-", &AccountKind::ALL, ""),
        names("data-", &DataCluster::ALL, ""),
        names("data-", &DataCluster::ALL, "-detail"),
        names("error-", &FormError::ALL, ""),
        names("page-", &ErrorReason::ALL, "-heading"),
        names("page-", &ErrorReason::ALL, "-happened"),
        names("page-", &ErrorReason::ALL, "-next"),
        names("purpose-", &Purpose::ALL, ""),
        names("purpose-", &Purpose::ALL, "-detail"),
        names("result-", &Outcome::ALL, "-heading"),
        names("result-", &Outcome::ALL, "-lead"),
        names("result-", &[Outcome::Finishing, Outcome::Checking], "-note"),
        names("result-", &[Outcome::Rejected, Outcome::Failed], "-next"),
        names("step-", &Step::ALL, ""),
        names("unavailable-", &Unavailable::ALL, ""),
        names(
            "period-",
            &["midnight", "morning", "noon", "evening", "night"],
            "",
        ),
    ]
    .concat();
    keys.extend((1..=12).map(|month| format!("month-{month}")));
    keys.extend(samples().iter().map(|sample| sample.screen.heading_key()));
    keys.extend(["consumer-unknown", "moment", "date", "time"].map(str::to_owned));
    keys
}

#[test]
fn names_on_the_wire_match_names_on_the_page() {
    for reason in ErrorReason::ALL {
        assert_eq!(serde_json::json!(reason), reason.name());
    }
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::json!(outcome), outcome.name());
    }
}

#[test]
fn the_hash_names_the_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = include_str!("../../../config/templates/otp.html").replace("class=\"lead\"", "");
    std::fs::write(folder.path().join("otp.html"), own).expect("written");
    let branding = Branding {
        templates_dir: Some(folder.path().to_owned()),
        static_dir: None,
    };
    let branded = Renderer::new(&branding).expect("templates compile");
    assert_eq!(strict().template_hash(), strict().template_hash());
    assert_ne!(strict().template_hash(), branded.template_hash());
    assert_eq!(branded.template_hash().len(), 64);
}

#[test]
fn an_institutions_mistake_stops_the_start() {
    for (name, source) in [
        ("otp.html", "{{ view.no_such_field }}"),
        ("otp.html", r#"<form method="post"></form>"#),
        ("otp.html", r#"{{ t("no-such-key") }}"#),
        ("otp.html", "{% if %}"),
        ("otpp.html", ""),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), source).expect("written");
        let branding = Branding {
            templates_dir: Some(folder.path().to_owned()),
            static_dir: None,
        };
        assert!(Renderer::new(&branding).is_err(), "{source}");
    }
}

#[test]
fn an_institution_brings_its_logo_and_colours() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("logo.svg", "<svg/>"),
        ("brand.css", ":root{}"),
        ("secret.pem", "-"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let branding = Branding {
        templates_dir: None,
        static_dir: Some(folder.path().to_owned()),
    };
    let renderer = Renderer::new(&branding).expect("templates compile");
    let page = renderer
        .page(&Frame::sample(Language::En), &sample("otp"))
        .expect("a page");
    assert!(page.contains("/static/brand.css?v=") && page.contains("/static/logo.svg?v="));
    assert!(renderer.asset("secret.pem").is_none());
    let stylesheet = renderer.asset("izin.css").expect("the stylesheet");
    assert!(page.contains(&format!("/static/izin.css?v={}", stylesheet.version)));
}

/// Writes every page to `IZIN_GALLERY`, to look at them: `IZIN_GALLERY=/tmp/gallery cargo test gallery -- --ignored`.
#[test]
#[ignore = "writes files for a person to look at"]
fn gallery() {
    let folder = PathBuf::from(std::env::var_os("IZIN_GALLERY").expect("a folder"));
    std::fs::create_dir_all(folder.join("static")).expect("the folder");
    for (name, language, _, page) in every_page() {
        let page = page
            .replace("\"/static/", "\"static/")
            .replace(".css?v=", ".css#");
        let file = format!("{name}.{}.html", language.tag());
        std::fs::write(folder.join(file), page).expect("written");
    }
    for name in ["izin.css", "icon.svg"] {
        let asset = strict().asset(name).cloned().expect("compiled in");
        std::fs::write(folder.join("static").join(name), asset.bytes).expect("written");
    }
}
