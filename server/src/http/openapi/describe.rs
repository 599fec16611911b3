//! How a route is described: what it takes, what it answers, and that as an OpenAPI operation.

use super::errors;
use serde_json::{Map, Value, json};

/// One method of one route.
pub struct Operation {
    /// In small letters.
    pub method: &'static str,
    /// As the router has it: `/artifacts/{*key}`.
    pub route: &'static str,
    /// As OpenAPI has it: `/artifacts/{key}`.
    pub path: String,
    /// For generated clients, and the anchor on `/docs`.
    pub id: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub answers: Vec<Answer>,
    /// Codes of `errors`, in the order of their statuses.
    pub errors: Vec<&'static str>,
    /// A line of a shell that works as it stands.
    pub sample: Option<&'static str>,
}

pub struct Parameter {
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    pub required: bool,
    pub description: &'static str,
    pub schema: Value,
    pub example: Value,
}

pub struct Body {
    pub media: &'static str,
    /// Name of its schema.
    pub schema: &'static str,
    pub required: bool,
    pub description: &'static str,
    /// Name of its example.
    pub example: &'static str,
    /// Of a form: the media types of fields that are files.
    pub encoding: Value,
}

/// An answer that is no error.
pub struct Answer {
    pub status: u16,
    pub description: &'static str,
    /// Names of headers beside `x-request-id`.
    pub headers: Vec<&'static str>,
    pub content: Vec<Content>,
}

pub struct Content {
    pub media: &'static str,
    pub schema: Value,
    /// Name of its example.
    pub example: Option<&'static str>,
    /// Of a stream of events: the schema of what each one's `data` holds.
    pub events: Option<&'static str>,
}

impl Operation {
    pub fn new(method: &'static str, route: &'static str, id: &'static str) -> Self {
        let path = route.replace("{*", "{");
        let (parameters, answers, errors) = (Vec::new(), Vec::new(), Vec::new());
        Self { method, route, path, id, summary: "", description: "", parameters, body: None, answers, errors, sample: None }
    }

    /// Another address than the route's own: one route may answer several.
    pub fn at(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    pub fn says(mut self, summary: &'static str, description: &'static str) -> Self {
        (self.summary, self.description) = (summary, description);
        self
    }

    pub fn takes(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    pub fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    pub fn errors(mut self, codes: &[&[&'static str]]) -> Self {
        self.errors = codes.concat();
        self.errors.sort_by_key(|code| errors::find(code).status);
        self
    }

    pub fn sample(mut self, sample: &'static str) -> Self {
        self.sample = Some(sample);
        self
    }

    /// The codes with the same status, together.
    pub fn errors_by_status(&self) -> Vec<(u16, Vec<&'static str>)> {
        let mut groups: Vec<(u16, Vec<&'static str>)> = Vec::new();
        for &code in &self.errors {
            let status = errors::find(code).status;
            match groups.last_mut() {
                Some((last, codes)) if *last == status => codes.push(code),
                _ => groups.push((status, vec![code])),
            }
        }
        groups
    }

    pub fn json(&self, tag: &str) -> Value {
        let mut responses: Map<String, Value> = self.answers.iter().map(|answer| (answer.status.to_string(), answer.json())).collect();
        for (status, codes) in self.errors_by_status() {
            responses.insert(status.to_string(), errors::response(&codes));
        }
        let mut operation = json!({ "operationId": self.id, "tags": [tag], "summary": self.summary, "responses": responses });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.iter().map(Parameter::json).collect();
        }
        if let Some(body) = &self.body {
            operation["requestBody"] = body.json();
        }
        if let Some(sample) = self.sample {
            operation["x-codeSamples"] = json!([{ "lang": "Shell", "label": "curl", "source": sample }]);
        }
        operation
    }
}

impl Parameter {
    pub fn path(name: &'static str, description: &'static str, example: &str) -> Self {
        Self { name, place: "path", required: true, description, schema: json!({ "type": "string" }), example: example.into() }
    }

    pub fn query(name: &'static str, description: &'static str, schema: Value, example: impl Into<Value>) -> Self {
        Self { name, place: "query", required: false, description, schema, example: example.into() }
    }

    pub fn header(name: &'static str, description: &'static str, schema: Value, example: impl Into<Value>) -> Self {
        Self { name, place: "header", required: false, description, schema, example: example.into() }
    }

    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub fn of(self, schema: Value) -> Self {
        Self { schema, ..self }
    }

    fn json(&self) -> Value {
        let Self { name, place, required, description, schema, example } = self;
        json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema, "example": example })
    }
}

impl Body {
    fn json(&self) -> Value {
        let mut content = json!({ "schema": named(self.schema), "examples": example(self.example) });
        if !self.encoding.is_null() {
            content["encoding"] = self.encoding.clone();
        }
        json!({ "required": self.required, "description": self.description, "content": { self.media: content } })
    }
}

impl Answer {
    pub fn new(status: u16, description: &'static str) -> Self {
        Self { status, description, headers: Vec::new(), content: Vec::new() }
    }

    /// JSON of the schema of this name.
    pub fn json_of(status: u16, schema: &'static str, example: &'static str, description: &'static str) -> Self {
        Self::new(status, description).with(Content {
            media: "application/json",
            schema: named(schema),
            example: Some(example),
            events: None,
        })
    }

    pub fn page(description: &'static str) -> Self {
        Self::new(200, description).media("text/html", json!({ "type": "string" }))
    }

    pub fn with(mut self, content: Content) -> Self {
        self.content.push(content);
        self
    }

    pub fn media(self, media: &'static str, schema: Value) -> Self {
        self.with(Content { media, schema, example: None, events: None })
    }

    /// Bytes of these media types.
    pub fn bytes(self, media: &[&'static str]) -> Self {
        media.iter().fold(self, |answer, media| answer.media(media, binary()))
    }

    pub fn headers(mut self, names: &[&'static str]) -> Self {
        self.headers.extend(names);
        self
    }

    fn json(&self) -> Value {
        let mut answer = json!({ "description": self.description, "headers": headers(&self.headers) });
        let content: Map<String, Value> = self.content.iter().map(|content| (content.media.to_owned(), content.json())).collect();
        if !content.is_empty() {
            answer["content"] = content.into();
        }
        answer
    }
}

impl Content {
    fn json(&self) -> Value {
        let mut content = json!({ "schema": self.schema });
        if let Some(name) = self.example {
            content["examples"] = example(name);
        }
        if let Some(schema) = self.events {
            content["x-event-data"] = named(schema);
        }
        content
    }
}

/// The schema of this name.
pub fn named(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// What is no text. `format` is for generators of clients that do not know the media type.
pub fn binary() -> Value {
    json!({ "type": "string", "format": "binary", "contentMediaType": "application/octet-stream" })
}

fn example(name: &str) -> Value {
    json!({ name: { "$ref": format!("#/components/examples/{name}") } })
}

/// `x-request-id`, and these.
pub fn headers(names: &[&str]) -> Value {
    let one = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(["x-request-id"].iter().chain(names).map(one).collect())
}
