//! Great-circle distance.

/// Mean radius of the earth (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Kilometres between two places given in degrees north and east (haversine formula).
pub(crate) fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat_a, lon_a) = (from.0.to_radians(), from.1.to_radians());
    let (lat_b, lon_b) = (to.0.to_radians(), to.1.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(lon_b - lon_a);
    2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        let (munich, berlin) = ((48.137, 11.575), (52.520, 13.405));
        assert!((distance_km(munich, berlin) - 504.0).abs() < 2.0);
        assert!(distance_km(munich, munich) < 1e-9);
        let half_way_round = distance_km((0.0, 0.0), (0.0, 180.0));
        assert!((half_way_round - 20_015.0).abs() < 1.0);
    }
}
