//! A browser: keeps cookies, sends the forms of the page it looks at, and follows nothing by itself.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use std::collections::BTreeMap;

/// One person's browser.
#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    origin: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// An API key that it sends along, which no browser of a person does.
    pub(crate) bearer: Option<String>,
    /// The lines of `X-Forwarded-For` that reach the server: its own lies, or what a proxy before the server says.
    pub(crate) forwarded_for: Vec<&'static str>,
    /// What the hidden field of the last page's forms holds.
    pub(crate) form_token: String,
}

/// A page, or where it leads.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads, if it does.
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<u64>,
    /// What it may load.
    pub(crate) policy: Option<String>,
    /// Every cookie it sets, whole.
    pub(crate) set_cookies: Vec<String>,
    pub(crate) text: String,
}

impl Page {
    #[track_caller]
    pub(crate) fn says(&self, status: u16, sentence: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(sentence), "no \"{sentence}\" in {}", self.text);
    }

    #[track_caller]
    pub(crate) fn leads_to(&self, place: &str) {
        assert_eq!((self.status, self.location.as_deref()), (303, Some(place)), "{}", self.text);
    }
}

impl Browser {
    pub(crate) fn new(origin: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        let origin = origin.to_owned();
        Self {
            client,
            origin,
            cookies: BTreeMap::new(),
            bearer: None,
            forwarded_for: Vec::new(),
            form_token: String::new(),
        }
    }

    /// Opens a page: a path, or a whole address of which the path counts.
    pub(crate) async fn open(&mut self, place: &str) -> Page {
        let request = self.client.get(self.address(place));
        self.ask(request).await
    }

    /// Sends an empty file.
    pub(crate) async fn put(&mut self, place: &str) -> Page {
        let request = self.client.put(self.address(place));
        self.ask(request).await
    }

    /// Sends a form, with the hidden field of the last page.
    pub(crate) async fn send(&mut self, place: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.form_token.clone();
        self.send_bare(place, &[&[("csrf", token.as_str())], fields].concat()).await
    }

    /// Sends a form as it is given.
    pub(crate) async fn send_bare(&mut self, place: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.form(place, fields);
        self.ask(request).await
    }

    fn form(&self, place: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut address = url::Url::parse("http://form").expect("an address");
        address.query_pairs_mut().extend_pairs(fields);
        self.client
            .post(self.address(place))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .body(address.query().unwrap_or_default().to_owned())
    }

    /// Opens the sign-in page and sends it.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        self.open("/sign-in").await;
        self.send("/sign-in", &[("name", name), ("password", password)]).await
    }

    /// Whom the head of the pages names.
    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.open("/").await.text.contains("Sign out")
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).cloned().unwrap_or_else(|| panic!("no {name} among {:?}", self.cookies))
    }

    fn address(&self, place: &str) -> String {
        let path = place.find("://").and_then(|at| place[at + 3..].find('/').map(|slash| at + 3 + slash));
        format!("{}{}", self.origin, &place[path.unwrap_or(0)..])
    }

    /// Sends a form to a server that may die of it; says whether an answer came.
    pub(crate) async fn is_answered(&mut self, place: &str, fields: &[(&str, &str)]) -> bool {
        let form = self.form(place, &[&[("csrf", self.form_token.as_str())], fields].concat());
        self.with_own(form).send().await.is_ok()
    }

    /// A request with all that the browser adds to each.
    fn with_own(&self, mut request: RequestBuilder) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for line in &self.forwarded_for {
            request = request.header("x-forwarded-for", *line);
        }
        if let Some(key) = &self.bearer {
            request = request.bearer_auth(key);
        }
        request.header("cookie", cookies.join("; "))
    }

    async fn ask(&mut self, request: RequestBuilder) -> Page {
        let response = self.with_own(request).send().await.expect("an answer");
        let headers = response.headers();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
        let set_cookies: Vec<String> = headers.get_all("set-cookie").iter().map(text).collect();
        for cookie in &set_cookies {
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name and a value");
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let page = Page {
            status: response.status().as_u16(),
            location: response.headers().get("location").map(text),
            retry_after: response.headers().get("retry-after").and_then(|value| text(value).parse().ok()),
            policy: response.headers().get("content-security-policy").map(text),
            set_cookies,
            text: response.text().await.expect("text"),
        };
        if let Some((_, rest)) = page.text.split_once("name=\"csrf\" value=\"") {
            self.form_token = rest.split('"').next().expect("a value").to_owned();
        }
        page
    }
}
