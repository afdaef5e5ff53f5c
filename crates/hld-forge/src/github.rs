//! GitHub, and GitHub Enterprise Server (REST API 2022-11-28).

use serde_json::json;
use ureq::http::Method;
use url::Url;

use crate::http::{Call, Client, Login, text};
use crate::rest::{Rest, comment};
use crate::{Access, Comment, Forge, ForgeError, Pull, Status, Target, Text};

/// What each call says: the form of answers, and the version of the API that is meant.
const HEADERS: &[(&str, &str)] =
    &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];

/// Comments of one page, the most that there may be.
const PAGE: usize = 100;

/// Most pages of comments.
const MOST_PAGES: usize = 30;

/// A pull request on GitHub.
pub(crate) struct Github {
    rest: Rest,
    /// The GraphQL API, which says who a token of an app is.
    graphql: Client,
}

impl Github {
    pub(crate) fn open(target: &Target, access: &Access) -> Result<Self, ForgeError> {
        let mut graphql: Url = target.api.clone();
        // `/api/v3` and `/api/graphql` on a server of one's own.
        graphql.set_path(if target.api.path().starts_with("/api") { "/api/graphql" } else { "/graphql" });
        let client = |api: &Url| Client::new(api, access, &Login::Bearer).map(|it| it.with_headers(HEADERS));
        Ok(Github { rest: Rest::new(target, client(&target.api)?)?, graphql: client(&graphql)? })
    }
}

impl Forge for Github {
    fn name(&self) -> &'static str {
        "GitHub"
    }

    fn limit(&self) -> usize {
        65_000
    }

    fn identity(&self) -> Result<String, ForgeError> {
        match self.rest.client.call(&Call::get(&["user"])) {
            Ok(reply) => text(&reply.json, "/login", "GET /user"),
            // Tokens of apps, such as that of a workflow, can not ask that way.
            Err(ForgeError::Refused { status: 403, .. }) => {
                let query = json!({ "query": "query { viewer { login } }" });
                let reply = self.graphql.call(&Call::send(Method::POST, &[], query))?;
                text(&reply.json, "/data/viewer/login", "POST /graphql")
            }
            Err(error) => Err(error),
        }
    }

    fn pull(&self) -> Result<Pull, ForgeError> {
        self.rest.pull()
    }

    fn comments(&self) -> Result<Vec<Comment>, ForgeError> {
        let path = self.rest.comments_path();
        let mut comments = Vec::new();
        for page in 1..=MOST_PAGES {
            let (page, size) = (page.to_string(), PAGE.to_string());
            let query = [("per_page", size.as_str()), ("page", page.as_str())];
            // The address of the next page is ours, not the server's.
            let reply = self.rest.client.call(&Call::get(&path).query(&query))?;
            let found = reply.json.as_array().map(Vec::as_slice).unwrap_or_default();
            comments.extend(found.iter().filter_map(comment));
            if !reply.has_next || found.is_empty() {
                return Ok(comments);
            }
        }
        Err(ForgeError::TooMany("comments", MOST_PAGES * PAGE))
    }

    fn create(&self, text: &Text<'_>) -> Result<(), ForgeError> {
        self.rest.create(text)
    }

    fn update(&self, comment: &Comment, text: &Text<'_>) -> Result<(), ForgeError> {
        self.rest.update(comment, text)
    }

    fn delete(&self, comment: &Comment) -> Result<(), ForgeError> {
        self.rest.delete(comment)
    }

    fn set_status(&self, commit: &str, status: &Status) -> Result<(), ForgeError> {
        self.rest.set_status(commit, status)
    }
}
