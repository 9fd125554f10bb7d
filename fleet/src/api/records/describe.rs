//! The OpenAPI document of all kinds.

use super::change::MAX_ID_CHARS;
use super::history::{LONGEST_WAIT_S, MOST};
use super::{accepting, allocating, of_any};
use crate::paths;
use inventory::kinds::{ALL, COMPONENT, DEVICE, IP_ADDRESS, SEEN};
use inventory::query::{Lookup, MAX_PAGE};
use inventory::schema::{
    Field, Kind, MAX_LINE_CHARS, MAX_NOTES_CHARS, MOST_TAGS, Need, Shape, one,
};
use serde_json::{Map, Value, json};

/// Adds all kinds to a document.
pub(in crate::api) fn describe(document: &mut Value) {
    if let Some(paths) = document["paths"].as_object_mut() {
        for kind in ALL {
            let one = of_any(kind);
            paths.insert(paths::of_all(kind), of_all(kind));
            paths.insert(one.clone(), of_one(kind));
            paths.insert(format!("{one}/history"), history(kind));
        }
        for kind in SEEN {
            let one = of_any(kind);
            paths.insert(paths::of_all(kind), without(of_all(kind), &["post", "delete"]));
            paths.insert(one.clone(), without(of_one(kind), &["delete"]));
            paths.insert(format!("{one}/history"), history(kind));
        }
        paths.insert(accepting(), accept());
        paths.entry(allocating()).or_insert_with(|| json!({}))["post"] = allocate();
        for kind in [&DEVICE, &COMPONENT] {
            paths.insert(format!("{}/replace", of_any(kind)), replace(kind));
        }
        paths.insert("/api/v1/changes".to_owned(), changes());
        paths.insert("/api/v1/dump".to_owned(), dump());
        paths.insert("/api/v1/import".to_owned(), import());
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for kind in ALL.into_iter().chain(SEEN) {
            schemas.insert(title(kind), schema(kind, false));
            schemas.insert(format!("{}Patch", title(kind)), schema(kind, true));
            schemas.insert(format!("{}Item", title(kind)), item_schema(kind));
        }
        schemas.insert("Change".to_owned(), change_schema());
        schemas.insert("DryRun".to_owned(), dry_run_schema());
    }
}

/// `DeviceType` for `device-type`.
fn title(kind: &Kind) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    kind.name.split('-').map(part).collect()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// What is written and told of one. Of a patch nothing has to be there, and null takes away.
fn schema(kind: &Kind, is_patch: bool) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in kind.fields {
        let is_ours = field.need == Need::Ours;
        if is_patch && is_ours {
            continue;
        }
        let mut described = of_field(field, is_patch || field.need != Need::Required);
        if is_ours {
            described["readOnly"] = json!(true);
        }
        if field.need == Need::Required {
            required.push(field.name);
        }
        properties.insert(field.name.to_owned(), described);
    }
    if is_patch {
        return json!({"type": "object", "description": format!("What is to be otherwise of a {}.", kind.name),
            "properties": properties, "additionalProperties": false});
    }
    for (name, described) in [
        ("key", json!({"type": "string", "description": "By what it is told from others."})),
        (
            "version",
            json!({"type": "integer", "format": "int64", "description": "Of the inventory, that made it what it is."}),
        ),
        (
            "created_at",
            json!({"type": "string", "format": "date-time", "description": "When it came."}),
        ),
        (
            "changed_at",
            json!({"type": "string", "format": "date-time", "description": "When it was changed last."}),
        ),
    ] {
        let mut described = described;
        described["readOnly"] = json!(true);
        properties.insert(name.to_owned(), described);
    }
    json!({"type": "object", "description": kind.about, "required": required, "properties": properties,
        "additionalProperties": false})
}

/// The same in a list: there is what was asked for, and what tells it from others.
fn item_schema(kind: &Kind) -> Value {
    let mut described = schema(kind, false);
    described["description"] = json!(format!("A {} in a list.", kind.name));
    described["required"] = json!(["key", "version", "created_at", "changed_at"]);
    described
}

fn of_field(field: &Field, may_be_null: bool) -> Value {
    let mut described = of_shape(&field.shape);
    if may_be_null {
        if let Some(one) = described["type"].as_str().map(str::to_owned) {
            described["type"] = json!([one, "null"]);
        }
        if let Some(words) = described.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
    }
    described["description"] = json!(field.about);
    if let Need::Default(text) = field.need
        && let Ok(value) = field.shape.parse(text)
    {
        described["default"] = value;
    }
    described
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Line => json!({"type": "string", "minLength": 1, "maxLength": MAX_LINE_CHARS}),
        Shape::Label(most) => json!({"type": "string", "minLength": 1, "maxLength": most}),
        Shape::Notes => json!({"type": "string", "maxLength": MAX_NOTES_CHARS}),
        Shape::Name => json!({"type": "string", "minLength": 1, "maxLength": 63,
            "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"}),
        Shape::Choice(words) => json!({"type": "string", "enum": words}),
        Shape::Integer(least, most) => {
            json!({"type": "integer", "format": "int64", "minimum": least, "maximum": most})
        }
        Shape::Decimal(least, most) => json!({"type": "number", "minimum": least, "maximum": most}),
        Shape::Half(least, most) => {
            json!({"type": "number", "minimum": least, "maximum": most, "multipleOf": 0.5})
        }
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::Zone => json!({"type": "string", "examples": ["Europe/Berlin"]}),
        Shape::Prefix => json!({"type": "string", "examples": ["192.0.2.0/24"]}),
        Shape::Address => json!({"type": "string", "examples": ["192.0.2.11/24"]}),
        Shape::Ip => json!({"type": "string", "examples": ["192.0.2.11"]}),
        Shape::Mac => json!({"type": "string", "examples": ["02:00:5e:10:00:01"]}),
        Shape::Of(kind) => {
            json!({"type": "string", "examples": [format!("the key of {}", one(kind))]})
        }
        Shape::Tags => json!({"type": "array", "items": {"type": "string"}, "maxItems": MOST_TAGS}),
        // What it is inside is said when it is wrong.
        Shape::Document(document) => json!({"examples": [document.name]}),
    }
}

fn of_all(kind: &Kind) -> Value {
    let (one, plural) = (title(kind), kind.plural);
    let many = json!({"type": "array", "items": reference(&one)});
    let identified = json!({"type": "object", "required": ["key"], "properties": {
        "key": {"type": "string"}, "version": {"type": ["integer", "null"], "format": "int64"}}});
    json!({
        "get": {
            "tags": ["inventory"], "operationId": format!("list_{}", id(plural)),
            "summary": format!("Those {plural} that pass all filters, a page at a time."),
            "parameters": list_parameters(kind),
            "responses": responses(kind, "200", Some(&listed(&one))),
        },
        "post": {
            "tags": ["inventory"], "operationId": format!("create_{}", id(plural)),
            "summary": format!("Add a {}, or all of a list or none of them.", kind.name),
            "parameters": change_parameters(false),
            "requestBody": body(&json!({"oneOf": [reference(&one), many]})),
            "responses": responses(kind, "201", Some(&json!({"oneOf": [reference(&one), several(&one)]}))),
        },
        "patch": {
            "tags": ["inventory"], "operationId": format!("update_{}", id(plural)),
            "summary": format!("Change several {plural}, each by its key: all of them or none."),
            "parameters": change_parameters(false),
            "requestBody": body(&json!({"type": "array", "items": {"allOf": [identified, {"type": "object"}]}})),
            "responses": responses(kind, "200", Some(&json!({"oneOf": [several(&one), reference("DryRun")]}))),
        },
        "delete": {
            "tags": ["inventory"], "operationId": format!("delete_{}", id(plural)),
            "summary": format!("Remove several {plural}, each by its key: all of them or none."),
            "parameters": change_parameters(false),
            "requestBody": body(&json!({"type": "array", "items": identified})),
            "responses": responses(kind, "204", None),
        },
    })
}

fn of_one(kind: &Kind) -> Value {
    let (one, name) = (title(kind), kind.name);
    let at = json!({"name": "at", "in": "query", "required": false,
        "description": "As it was at this time.", "schema": {"type": "string", "format": "date-time"}});
    json!({
        "get": {
            "tags": ["inventory"], "operationId": format!("show_{}", id(name)),
            "summary": format!("One {name}."),
            "parameters": [key(), at],
            "responses": responses(kind, "200", Some(&reference(&one))),
        },
        "patch": {
            "tags": ["inventory"], "operationId": format!("update_{}", id(name)),
            "summary": format!("Change fields of a {name}; null takes away what stands in one."),
            "parameters": change_parameters(true),
            "requestBody": body(&reference(&format!("{one}Patch"))),
            "responses": responses(kind, "200", Some(&json!({"oneOf": [reference(&one), reference("DryRun")]}))),
        },
        "delete": {
            "tags": ["inventory"], "operationId": format!("delete_{}", id(name)),
            "summary": format!("Remove a {name} that nothing names."),
            "parameters": change_parameters(true),
            "responses": responses(kind, "204", None),
        },
    })
}

fn history(kind: &Kind) -> Value {
    json!({
        "get": {
            "tags": ["inventory"], "operationId": format!("history_of_{}", id(kind.name)),
            "summary": format!("What was changed of a {}, the newest first.", kind.name),
            "parameters": [key(), limit(MOST)],
            "responses": responses(kind, "200", Some(&several("Change"))),
        },
    })
}

/// Nobody writes what is seen.
fn without(mut path: Value, methods: &[&str]) -> Value {
    if let Some(path) = path.as_object_mut() {
        path.retain(|method, _| !methods.contains(&method.as_str()));
    }
    path
}

fn accept() -> Value {
    let identified = json!({"type": "object", "required": ["key"], "additionalProperties": false,
        "properties": {"key": {"type": "string"}}});
    let done = json!({"type": "object", "required": ["accepted"], "properties": {
        "accepted": {"type": "integer", "description": "How many."}}});
    json!({"post": {
        "tags": ["inventory"], "operationId": "accept_differences",
        "summary": "What machines say becomes what the inventory says: all of it or nothing.",
        "parameters": change_parameters(false),
        "requestBody": body(&json!({"type": "array", "items": identified})),
        "responses": {"200": answer("It is so now.", &json!({"oneOf": [done, reference("DryRun")]}))},
    }})
}

/// All of an address but which one it is.
fn allocate() -> Value {
    let mut fields = schema(&IP_ADDRESS, true);
    if let Some(properties) = fields["properties"].as_object_mut() {
        properties.remove("address");
    }
    let parameters = [change_parameters(false), vec![key()]].concat();
    json!({
        "tags": ["inventory"], "operationId": "allocate_ip_address",
        "summary": "Take the first address of a network that nobody has.",
        "parameters": parameters,
        "requestBody": body(&fields),
        "responses": responses(&IP_ADDRESS, "201", Some(&reference(&title(&IP_ADDRESS)))),
    })
}

fn replace(kind: &Kind) -> Value {
    let by = json!({"type": "object", "required": ["serial"], "additionalProperties": false, "properties": {
        "serial": {"type": "string", "description": "The number of the other."},
        "status": {"type": ["string", "null"], "default": "rma",
            "description": "What becomes of the one that leaves, or of the parts that leave with it."}}});
    let other = json!({"oneOf": [reference(&title(kind)), reference("DryRun")]});
    json!({"post": {
        "tags": ["inventory"], "operationId": format!("replace_{}", id(kind.name)),
        "summary": format!("Another takes the place of a {}; what there was keeps its history.", kind.name),
        "parameters": change_parameters(true),
        "requestBody": body(&by),
        "responses": responses(kind, "200", Some(&other)),
    }})
}

fn changes() -> Value {
    let number = |name: &str, about: &str, most: i64| {
        json!({"name": name, "in": "query", "required": false, "description": about,
            "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": most}})
    };
    let told = json!({"type": "object", "required": ["items", "version"], "properties": {
        "items": {"type": "array", "items": reference("Change")},
        "version": {"type": "integer", "format": "int64", "description": "Ask from here on next time."}}});
    json!({"get": {
        "tags": ["inventory"], "operationId": "list_changes",
        "summary": "What was changed after a version, of all kinds, in order; waits for it where asked to.",
        "parameters": [
            number("since", "After this version.", i64::MAX),
            limit(MOST),
            number("wait_s", "So long where there is nothing yet.", LONGEST_WAIT_S),
        ],
        "responses": {"200": answer("What was changed.", &told)},
    }})
}

fn dump() -> Value {
    json!({"get": {
        "tags": ["inventory"], "operationId": "dump_records",
        "summary": "All records of all kinds as of one version, in lines of JSON: the version, each record, \
                    how many there were.",
        "responses": {
            "200": {"description": "All of it.", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
    }})
}

fn import() -> Value {
    let names: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
    let record = json!({"type": "object", "required": ["kind", "fields"], "additionalProperties": false,
        "properties": {"kind": {"type": "string", "enum": names}, "fields": {"type": "object"}}});
    let wanted = json!({"type": "object", "required": ["records"], "additionalProperties": false,
        "properties": {"records": {"type": "array", "items": record}}});
    let count = |about: &str| json!({"type": "integer", "description": about});
    let done = json!({"type": "object", "required": ["created", "updated", "unchanged"], "properties": {
        "created": count("They were not there."),
        "updated": count("They were otherwise."),
        "unchanged": count("They were so already.")}});
    json!({"post": {
        "tags": ["inventory"], "operationId": "import_records",
        "summary": "Create and change records of any kind, in any order: all of them or none.",
        "parameters": change_parameters(false),
        "requestBody": body(&wanted),
        "responses": {"200": answer("What became of them, or would.", &json!({"oneOf": [done, reference("DryRun")]}))},
    }})
}

fn key() -> Value {
    json!({"name": "key", "in": "path", "required": true, "description": "By what it is told from others.",
        "schema": {"type": "string"}})
}

fn limit(most: i64) -> Value {
    json!({"name": "limit", "in": "query", "required": false, "description": "At most so many.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": most}})
}

/// A page of a list: filters with all their suffixes, order, fields, which page.
fn list_parameters(kind: &Kind) -> Vec<Value> {
    let text = |name: &str, about: &str| {
        json!({"name": name, "in": "query", "required": false, "description": about,
            "schema": {"type": "string"}})
    };
    let mut all = vec![
        limit(i64::from(MAX_PAGE)),
        text("cursor", "The next page: next_cursor of the one before."),
        text("sort", "Names of fields with commas between; - before one turns it round."),
        text("fields", "Names of fields to tell, with commas between; all without it."),
    ];
    for field in kind.fields {
        for lookup in Lookup::all_of(field) {
            let name = lookup.of_field(field);
            let about = format!("{} {}", field.about, lookup.words());
            let items = if lookup == Lookup::Empty {
                json!({"type": "boolean"})
            } else {
                json!({"type": "string"})
            };
            all.push(json!({"name": name, "in": "query", "required": false, "description": about,
                "explode": true, "schema": {"type": "array", "items": items}}));
        }
    }
    all
}

/// What a request that changes something may say beside its body.
fn change_parameters(is_of_one: bool) -> Vec<Value> {
    let header = |name: &str, about: &str| {
        json!({"name": name, "in": "header", "required": false, "description": about,
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS, "pattern": "^[!-~]+$"}})
    };
    let mut all = vec![
        json!({"name": "dry_run", "in": "query", "required": false,
            "description": "Say what would be changed, and change nothing.", "schema": {"type": "boolean"}}),
        json!({"name": "message", "in": "query", "required": false,
            "description": "Why: it is kept with the change.",
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LINE_CHARS}}),
        header("X-Request-Id", "What the request is called in the history."),
        header("Idempotency-Key", "The same request with the same key is done once."),
    ];
    if is_of_one {
        all.push(key());
        all.push(header("If-Match", "The ETag that it has to have: else 412."));
    }
    all
}

fn body(schema: &Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

/// All of what was told in a list.
fn several(name: &str) -> Value {
    json!({"type": "object", "required": ["items"], "additionalProperties": false, "properties": {
        "items": {"type": "array", "items": reference(name)}}})
}

/// A page. Of each the fields that were asked for.
fn listed(name: &str) -> Value {
    json!({"type": "object", "required": ["items", "version", "next_cursor"], "properties": {
        "items": {"type": "array", "items": reference(&format!("{name}Item"))},
        "version": {"type": "integer", "format": "int64", "description": "Of the inventory, as of which it is."},
        "next_cursor": {"type": ["string", "null"]}}})
}

fn answer(about: &str, schema: &Value) -> Value {
    json!({"description": about, "content": {"application/json": {"schema": schema}}})
}

fn responses(kind: &Kind, status: &str, schema: Option<&Value>) -> Value {
    let mut all = Map::new();
    let told = schema.map(|schema| answer(kind.about, schema));
    all.insert(status.to_owned(), told.unwrap_or_else(|| json!({"description": "Done."})));
    if status != "200" {
        all.insert("200".to_owned(), answer("It was only tried.", &reference("DryRun")));
    }
    Value::Object(all)
}

fn change_schema() -> Value {
    json!({"type": "object", "description": "What was changed of one record.",
    "required": ["version", "at", "who", "request_id", "kind", "key", "action", "before", "after"],
    "properties": {
        "version": {"type": "integer", "format": "int64", "description": "Of the inventory, after it."},
        "at": {"type": "string", "format": "date-time", "description": "When."},
        "who": {"type": "string", "description": "By whom."},
        "request_id": {"type": "string", "description": "With which request."},
        "message": {"type": ["string", "null"], "description": "Why, in his words."},
        "kind": {"type": "string", "description": "Of which kind it is."},
        "key": {"type": "string", "description": "Its key."},
        "action": action(),
        "before": {"type": "object", "description": "Fields that are otherwise now, as they were."},
        "after": {"type": "object", "description": "The same as they are since."},
    }})
}

fn dry_run_schema() -> Value {
    let word = || json!({"type": "string"});
    let fields = || json!({"type": "object"});
    let change = json!({"type": "object", "required": ["kind", "key", "action", "before", "after"],
        "properties": {"kind": word(), "key": word(), "action": action(), "before": fields(), "after": fields()}});
    json!({"type": "object", "description": "What would be changed.", "required": ["dry_run", "changes"],
        "properties": {"dry_run": {"type": "boolean", "enum": [true]}, "changes": {"type": "array", "items": change}}})
}

fn action() -> Value {
    json!({"type": "string", "enum": ["create", "update", "delete"], "description": "What was done."})
}

fn id(name: &str) -> String {
    name.replace('-', "_")
}
