//! Regions, sites, racks.

use super::Making;
use super::value::{choice, kilograms, label, line, notes, text};
use crate::kinds::{RACK, REGION, SITE};
use crate::schema::{Kind, Need, Shape};
use serde_json::{Value, json};
use std::collections::HashSet;

impl Making<'_> {
    pub(super) fn places(&mut self) {
        let export = self.export;
        for region in export.of("dcim/regions") {
            self.region(region);
        }
        // The second time, all parents have names.
        for region in export.of("dcim/regions") {
            let name = self.regions.known(&region["id"]).map(str::to_owned);
            let parent = self.regions.known(&region["parent"]["id"]).map(str::to_owned);
            let description = line(&region["description"]).or_else(|| line(&region["name"]));
            self.add(
                &REGION,
                region,
                json!({"name": name, "parent": parent, "description": description}),
            );
        }
        for site in export.of("dcim/sites") {
            self.site(site);
        }
        let mut taken = HashSet::new();
        for rack in export.of("dcim/racks") {
            self.rack(rack, &mut taken);
        }
    }

    /// What a region is called.
    fn region(&mut self, region: &Value) -> Option<(String, bool)> {
        let wanted = text(&region["slug"]).or_else(|| text(&region["name"]))?;
        Some(self.regions.of(region["id"].as_i64()?, &wanted))
    }

    fn site(&mut self, site: &Value) {
        let wanted = text(&site["slug"]).or_else(|| text(&site["name"])).unwrap_or_default();
        let (name, _) = self.sites.of(site["id"].as_i64().unwrap_or_default(), &wanted);
        let region = self.region(&site["region"]);
        if let Some((region, true)) = &region {
            // Its own list is not in the export.
            let description = line(&site["region"]["name"]);
            self.add(&REGION, &Value::Null, json!({"name": region, "description": description}));
        }
        let status = self.known_state(&SITE, "site", &name, &site["status"]);
        let description = line(&site["description"]).or_else(|| line(&site["name"]));
        let zone = text(&site["time_zone"]).filter(|zone| Shape::Zone.parse(zone).is_ok());
        if zone.is_none() && !site["time_zone"].is_null() {
            let says = format!("site {name}: {} is no time zone: left out", site["time_zone"]);
            self.note("time zones that are not known", says);
        }
        let place = (site["latitude"].as_f64(), site["longitude"].as_f64());
        let place = if let (Some(north), Some(east)) = place { Some((north, east)) } else { None };
        self.add(
            &SITE,
            site,
            json!({
                "name": name,
                "status": status,
                "region": region.map(|(name, _)| name),
                "facility": label(&site["facility"], 50),
                "time_zone": zone,
                "physical_address": line(&site["physical_address"]),
                "shipping_address": line(&site["shipping_address"]),
                "latitude": place.map(|it| it.0),
                "longitude": place.map(|it| it.1),
                "description": description,
                "comments": notes(&site["comments"]),
            }),
        );
    }

    /// A state that is known here; what an instance has made up is taken for the usual one.
    pub(super) fn known_state(
        &mut self,
        kind: &Kind,
        called: &str,
        name: &str,
        state: &Value,
    ) -> Option<String> {
        let field = kind.field("status")?;
        let Need::Default(usual) = field.need else { return None };
        let told = choice(state).unwrap_or_else(|| usual.to_owned());
        if field.shape.parse(&told).is_ok() {
            return Some(told);
        }
        self.note(
            "states that are not known",
            format!("{called} {name}: status {told:?} is taken for {usual}"),
        );
        Some(usual.to_owned())
    }

    /// Racks of different rooms may have one name; here a site has each once.
    fn rack(&mut self, rack: &Value, taken: &mut HashSet<(String, String)>) {
        let id = rack["id"].as_i64().unwrap_or_default();
        let Some(site) = self.sites.known(&rack["site"]["id"]).map(str::to_owned) else {
            let says = format!("rack {}: its site is not in the export: left out", rack["name"]);
            return self.note("racks without a site", says);
        };
        let plain = label(&rack["name"], 40).unwrap_or_else(|| format!("unnamed-{id}"));
        let mut name = plain.clone();
        if !taken.insert((site.clone(), name.clone())) {
            name = format!("{plain} ({id})");
            taken.insert((site.clone(), name.clone()));
            self.note(
                "racks of one name",
                format!("site {site}: another rack {plain} is called {name}"),
            );
        }
        let first = rack["starting_unit"].as_f64().unwrap_or(1.0);
        if first > 1.0 {
            self.rack_offsets.insert(id, first - 1.0);
            self.note(
                "racks that count from elsewhere",
                format!(
                    "rack {site}:{name}: units are counted from 1 here, and from {first} there"
                ),
            );
        }
        self.racks.insert(id, format!("{site}:{name}"));
        let status = self.known_state(&RACK, "rack", &name, &rack["status"]);
        self.add(&RACK, rack, json!({
            "site": site,
            "name": name,
            "facility_id": label(&rack["facility_id"], 50),
            "status": status,
            "u_height": rack["u_height"].as_i64(),
            "desc_units": rack["desc_units"].as_bool(),
            "serial": label(&rack["serial"], 50),
            "asset_tag": label(&rack["asset_tag"], 50),
            "max_weight_kg": kilograms(&rack["max_weight"], &rack["weight_unit"]).and_then(whole),
            "description": line(&rack["description"]),
            "comments": notes(&rack["comments"]),
        }));
    }
}

/// Without what comes after the point.
fn whole(number: f64) -> Option<i64> {
    format!("{:.0}", number.floor()).parse().ok()
}
