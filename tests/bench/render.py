"""Renders the benchmark's texts in Python, as people do who have no fleet manager.

    render.py jinja2|templar about
    render.py jinja2|templar DEVICES COUNT TEMPLATE...

DEVICES has the JSON of a device on each line. Of so many, each template is rendered for each, reading
the JSON included. What comes out is told as JSON: processor time, how many texts, and their checksum.
"""

import gc
import hashlib
import json
import sys
import time

# Rendered before it counts.
FIRST = 20


def jinja2_renderer(templates):
    """Plain Jinja2: each template is compiled once."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    compiled = [environment.from_string(text) for text in templates]
    return lambda values: [template.render(values) for template in compiled]


def templar_renderer(templates):
    """As Ansible's module `template`: for each text a Templar as its task has it, and of that one for
    files (ansible/executor/task_executor.py, ansible/plugins/action/template.py)."""
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import AnsibleEnvironment, Templar

    loader = DataLoader()

    def render(text, values):
        templar = Templar(loader=loader, variables=values)
        templar = templar.copy_with_new_env(
            environment_class=AnsibleEnvironment,
            trim_blocks=True,
            lstrip_blocks=True,
            available_variables=values,
        )
        return templar.do_template(text, preserve_trailing_newlines=True, escape_backslashes=False)

    return lambda values: [render(text, values) for text in templates]


def about(kind):
    """What the table calls it."""
    if kind == "jinja2":
        import jinja2

        return f"Jinja2 {jinja2.__version__}"
    import ansible.release
    import ansible.template  # noqa: F401

    return f"Ansible {ansible.release.__version__}, Templar"


def main(kind, *args):
    if args == ("about",):
        print(about(kind))
        return
    devices, count, *paths = args
    templates = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            templates.append(file.read())
    with open(devices, "rb") as file:
        lines = [line for line, _ in zip(file, range(int(count)))]
    render = {"jinja2": jinja2_renderer, "templar": templar_renderer}[kind](templates)
    for line in lines[:FIRST]:
        render(json.loads(line))
    # What was imported stays: nobody has to look at it again.
    gc.collect()
    gc.freeze()
    texts = []
    begun = time.process_time()
    for line in lines:
        texts += render(json.loads(line))
    took_s = time.process_time() - begun
    sha256 = hashlib.sha256("".join(texts).encode()).hexdigest()
    print(json.dumps({"cpu_s": took_s, "texts": len(texts), "sha256": sha256}))


main(*sys.argv[1:])
