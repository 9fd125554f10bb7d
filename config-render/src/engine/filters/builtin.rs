//! The engine's own filters, tests and functions that we let in: those whose result is not
//! larger than what they are given.
//!
//! Not here: `safe`, `escape` (which would say that a text has been looked at), `debug`,
//! `pprint`, `tojson` (whole contexts), `batch`, `slice`, `urlencode` (not needed), and
//! `indent`, `replace`, `join`, `format`, `string`, which stand in `text.rs` with bounds.

use super::args::short_enough;
use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, State, Value, filters, functions, tests};

pub(super) fn register(environment: &mut Environment<'static>) {
    texts_and_numbers(environment);
    for (name, filter) in lists() {
        environment.add_filter(name, move |state: &mut State, args: Rest<ValueOrKwargs>| {
            let args = args.into_values();
            for arg in &args {
                short_enough(arg, name)?;
            }
            filter.call(state, &args)
        });
    }
    kinds(environment);
    comparisons(environment);
    // At most 100,000 numbers.
    environment.add_function("range", functions::range);
    environment.add_function("dict", functions::dict);
    environment.add_function("namespace", functions::namespace);
}

fn texts_and_numbers(environment: &mut Environment<'static>) {
    environment.add_filter("lower", filters::lower);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("split", filters::split);
    environment.add_filter("default", filters::default);
    environment.add_filter("round", filters::round);
    environment.add_filter("abs", filters::abs);
    environment.add_filter("int", filters::int);
    environment.add_filter("float", filters::float);
    environment.add_filter("bool", filters::bool);
    environment.add_filter("attr", filters::attr);
    environment.add_filter("length", filters::length);
}

/// What reads a whole list, and so has to be kept from `[0] * 100000000`.
fn lists() -> [(&'static str, Value); 17] {
    [
        ("dictsort", Value::from_function(filters::dictsort)),
        ("items", Value::from_function(filters::items)),
        ("reverse", Value::from_function(filters::reverse)),
        ("first", Value::from_function(filters::first)),
        ("last", Value::from_function(filters::last)),
        ("min", Value::from_function(filters::min)),
        ("max", Value::from_function(filters::max)),
        ("sort", Value::from_function(filters::sort)),
        ("list", Value::from_function(filters::list)),
        ("sum", Value::from_function(filters::sum)),
        ("select", Value::from_function(filters::select)),
        ("reject", Value::from_function(filters::reject)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("map", Value::from_function(filters::map)),
        ("groupby", Value::from_function(filters::groupby)),
        ("unique", Value::from_function(filters::unique)),
    ]
}

fn kinds(environment: &mut Environment<'static>) {
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment.add_test("boolean", tests::is_boolean);
    environment.add_test("number", tests::is_number);
    environment.add_test("integer", tests::is_integer);
    environment.add_test("string", tests::is_string);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("true", tests::is_true);
    environment.add_test("false", tests::is_false);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("even", tests::is_even);
    environment.add_test("divisibleby", tests::is_divisibleby);
}

fn comparisons(environment: &mut Environment<'static>) {
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("==", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("!=", tests::is_ne);
    environment.add_test("lt", tests::is_lt);
    environment.add_test("<", tests::is_lt);
    environment.add_test("le", tests::is_le);
    environment.add_test("<=", tests::is_le);
    environment.add_test("gt", tests::is_gt);
    environment.add_test(">", tests::is_gt);
    environment.add_test("ge", tests::is_ge);
    environment.add_test(">=", tests::is_ge);
    environment.add_test("in", tests::is_in);
}
