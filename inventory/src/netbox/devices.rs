//! Models and machines.

use super::value::{choice, kilograms, label, line, notes, text};
use super::{Making, Roles};
use crate::kinds::{CLUSTER, DEVICE, DEVICE_TYPE};
use crate::rules::addresses::is_public;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::IpAddr;

/// Words in the name of a role that say what it is here; the first that is found.
const GUESSES: [(&str, &str); 14] = [
    ("console", "console-server"),
    ("terminal-server", "console-server"),
    ("pdu", "pdu"),
    ("power-distribution", "pdu"),
    ("router", "router"),
    ("gateway", "router"),
    ("rtr", "router"),
    ("switch", "switch"),
    ("leaf", "switch"),
    ("spine", "switch"),
    ("cdn", "appliance"),
    ("cache", "appliance"),
    ("oca", "appliance"),
    ("appliance", "appliance"),
];

/// What NetBox's states are in the life of a device here.
const STATES: [(&str, &str); 7] = [
    ("active", "active"),
    ("planned", "planned"),
    ("staged", "racked"),
    ("offline", "maintenance"),
    ("failed", "failed"),
    ("inventory", "planned"),
    ("decommissioning", "draining"),
];

impl Making<'_> {
    pub(super) fn device_types(&mut self) {
        let export = self.export;
        for of_type in export.of("dcim/device-types") {
            self.device_type(of_type);
        }
        // Those that devices name and no list has.
        for device in export.of("dcim/devices") {
            self.device_type(&device["device_type"]);
        }
    }

    fn device_type(&mut self, of_type: &Value) {
        let Some(id) = of_type["id"].as_i64() else { return };
        let model = label(&of_type["model"], 100).unwrap_or_else(|| format!("unnamed {id}"));
        let wanted = text(&of_type["slug"]).unwrap_or_else(|| model.clone());
        let (slug, is_new) = self.types.of(id, &wanted);
        if !is_new {
            return;
        }
        self.add(&DEVICE_TYPE, of_type, json!({
            "slug": slug,
            "manufacturer": label(&of_type["manufacturer"]["name"], 100).unwrap_or_else(|| "unknown".to_owned()),
            "model": model,
            "part_number": label(&of_type["part_number"], 50),
            "u_height": of_type["u_height"].as_f64(),
            "is_full_depth": of_type["is_full_depth"].as_bool(),
            "airflow": choice(&of_type["airflow"]),
            "weight_kg": kilograms(&of_type["weight"], &of_type["weight_unit"]),
            "description": line(&of_type["description"]),
            "comments": notes(&of_type["comments"]),
        }));
    }

    pub(super) fn devices(&mut self, roles: &Roles) {
        let (export, mut serials) = (self.export, HashSet::new());
        for device in export.of("dcim/devices") {
            self.device(device, roles, &mut serials);
        }
    }

    fn device(&mut self, device: &Value, roles: &Roles, serials: &mut HashSet<String>) {
        let id = device["id"].as_i64().unwrap_or_default();
        let told = text(&device["name"]).or_else(|| text(&device["display"]));
        let Some(site) = self.sites.known(&device["site"]["id"]).map(str::to_owned) else {
            let says = format!(
                "device {}: its site is not in the export: left out",
                told.unwrap_or_default()
            );
            return self.note("devices without a site", says);
        };
        let (name, _) = self.device_names.of(id, told.as_deref().unwrap_or_default());
        if told.as_deref() != Some(name.as_str()) {
            let told = told.unwrap_or_else(|| "without a name".to_owned());
            self.note(
                "devices that are called otherwise",
                format!("device {told:?} is called {name}"),
            );
        }
        let role = self.role(&name, device, roles);
        let status = self.status(&name, device);
        let serial = label(&device["serial"], 64).filter(|serial| {
            let is_new = serials.insert(serial.clone());
            if !is_new {
                self.note(
                    "serial numbers twice",
                    format!("device {name}: {serial} is another's number too: left out"),
                );
            }
            is_new
        });
        let rack_id = device["rack"]["id"].as_i64().unwrap_or_default();
        let rack = self.racks.get(&rack_id).cloned();
        let offset = self.rack_offsets.get(&rack_id).copied().unwrap_or_default();
        let position = device["position"].as_f64().filter(|_| rack.is_some()).map(|it| it - offset);
        let cluster = self.cluster(&device["cluster"]);
        let bmc = self.bmc(&name, &device["oob_ip"]);
        let of_type = self.types.known(&device["device_type"]["id"]).map(str::to_owned);
        self.add(
            &DEVICE,
            device,
            json!({
                "name": name,
                "role": role,
                "status": status,
                "device_type": of_type,
                "serial": serial,
                "asset_tag": label(&device["asset_tag"], 50),
                "site": site,
                "rack": rack,
                "position": position,
                "face": choice(&device["face"]),
                "airflow": choice(&device["airflow"]),
                "cluster": cluster,
                "bmc": bmc,
                "description": line(&device["description"]),
                "comments": notes(&device["comments"]),
            }),
        );
    }

    /// NetBox has roles that people make up.
    fn role(&mut self, name: &str, device: &Value, roles: &Roles) -> String {
        // Until 3.7 it had another name as well.
        let of = if device["role"].is_null() { &device["device_role"] } else { &device["role"] };
        let slug = text(&of["slug"]).unwrap_or_default().to_ascii_lowercase();
        if let Some(role) = roles.get(&slug) {
            return role.clone();
        }
        let guess = GUESSES.iter().find(|(word, _)| slug.contains(word));
        guess.map_or_else(
            || {
                let says = format!(
                    "device {name}: role {slug:?} is taken for other: say --role {slug}=ROLE"
                );
                self.note("roles that are not known", says);
                "other".to_owned()
            },
            |(_, role)| (*role).to_owned(),
        )
    }

    fn status(&mut self, name: &str, device: &Value) -> String {
        let told = choice(&device["status"]).unwrap_or_else(|| "active".to_owned());
        let known = STATES.iter().find(|(theirs, _)| *theirs == told);
        if let Some((_, ours)) = known {
            return (*ours).to_owned();
        }
        let says = format!("device {name}: status {told:?} is taken for planned");
        self.note("states that are not known", says);
        "planned".to_owned()
    }

    fn cluster(&mut self, cluster: &Value) -> Option<String> {
        let (name, is_new) = self.clusters.of(cluster["id"].as_i64()?, &text(&cluster["name"])?);
        if is_new {
            let description = line(&cluster["description"]).or_else(|| line(&cluster["name"]));
            self.add(&CLUSTER, cluster, json!({"name": name, "description": description}));
        }
        Some(name)
    }

    fn bmc(&mut self, name: &str, address: &Value) -> Option<String> {
        let address: IpAddr = address["address"].as_str()?.split('/').next()?.parse().ok()?;
        if is_public(address) {
            self.note(
                "public addresses of controllers",
                format!(
                    "device {name}: {address} is no address for a management controller: left out"
                ),
            );
            return None;
        }
        Some(address.to_string())
    }
}
