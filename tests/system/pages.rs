//! The pages without scripts.

use reqwest::StatusCode;

use crate::stack::Stack;
use crate::support::reference;

async fn submit_form(stack: &Stack, text: &str) -> reqwest::Response {
    let request = stack.http.post(format!("{}/", stack.url)).form(&[("index", text)]);
    request.send().await.expect("a response")
}

#[tokio::test]
async fn a_form_redirects_to_the_page_of_the_number() {
    let stack = Stack::any().await;
    for (text, n) in [("100", 100), ("10^2", 100), (" 1 000 ", 1000), ("2^10+1", 1025), ("-8", -8)] {
        let response = submit_form(&stack, text).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{text}");
        assert_eq!(response.headers()["location"], format!("/n/{n}"));
        stack.until(n, "done").await;
        let page = stack.get(&format!("/n/{n}")).await.text().await.expect("text");
        // Between the lines of digits are their places.
        let lines = page.split("<span class=\"groups-of-ten\">").skip(1).filter_map(|rest| rest.split("</p>").next());
        let digits: String = lines.flat_map(str::chars).filter(char::is_ascii_digit).collect();
        assert_eq!(digits, reference::fibonacci(n).trim_start_matches('-'), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_input_is_explained_beside_the_form() {
    let stack = Stack::own(&[]).await;
    for text in ["", "abc", "1.5", "1.000", "<img src=x onerror=alert(1)>"] {
        let response = submit_form(&stack, text).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        let page = response.text().await.expect("text");
        assert!(page.contains("role=\"alert\""), "{text}");
        assert!(!page.contains("<img src=x"), "{text}");
    }
    // Beyond the limit the page of facts is the answer.
    for (text, n) in [("2000000000", "2000000000".to_owned()), ("1e20", format!("1{}", "0".repeat(20)))] {
        let response = submit_form(&stack, text).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{text}");
        assert_eq!(response.headers()["location"].to_str().expect("text"), format!("/n/{n}"));
        let page = stack.get(&format!("/n/{n}")).await.text().await.expect("text");
        assert!(page.contains("too large to compute here"), "{text}");
    }
    assert_eq!(stack.stored_count().await, 0);
}

#[tokio::test]
async fn every_page_forbids_inline_scripts_and_framing() {
    let stack = Stack::any().await;
    stack.value_of(25).await;
    for path in ["/", "/n/25", "/n/24", "/about", "/no-such-page"] {
        let response = stack.get(path).await;
        let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        let page = response.text().await.expect("text");
        assert!(!page.contains("<script>") && !page.contains(" style=\"") && !page.contains("onclick"), "{path}");
    }
}

#[tokio::test]
async fn only_the_page_of_an_unfinished_calculation_refreshes_itself() {
    let stack = Stack::own(&[]).await;
    stack.submit(900_000_000).await;
    stack.value_of(25).await;
    let waiting = stack.get("/n/900000000").await.text().await.expect("text");
    assert!(waiting.contains("http-equiv=\"refresh\""));
    let done = stack.get("/n/25").await.text().await.expect("text");
    assert!(!done.contains("http-equiv=\"refresh\""));
}
