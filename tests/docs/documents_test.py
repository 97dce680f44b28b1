#!/usr/bin/env python3
"""documents_test.py SOURCE: every path, link, command, preset, step and test that a document names exists.

It reads the tracked *.md files below SOURCE and compares them with the tree and with cli/man/optiinfra.1, which
another test keeps equal to the program. It starts no program but git.
"""

import fnmatch
import json
import os
import re
import subprocess
import sys

SOURCE_ENDING = r"\.(?:cpp|hpp|def|h|md|cmake|sh|py|sql)"
PATH = re.compile(r"(?:\./)?[\w.+-]+(?:/[\w.+*-]+)*/?")
TEST_NAME = re.compile(r"([A-Z]\w*)\.([A-Z]\w{5,}\*?|\*)")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:::\w+)*(?:\(\))?")
# Programs of tools/measure and tests/ are named where they are built; these of a layer follow from its name.
LAYER_TESTS = re.compile(r"(\w+?)(?:_engine)?_tests")

# What no document may say; the test fails when it does not see one of these.
PLANTED = (
    "[a link](docs/gone.md)",
    "`foundations/schema/src/gone.cpp`",
    "`gone.hpp`",
    "`build/release/bin/gone`",
    "`build/gone/bin/optiinfra`",
    "`optiinfra gone`",
    "`optiinfra query cost-hourly --gone`",
    "    optiinfra verify --repair --gone",
    "`verify --gone`",
    "`./check tests gone`",
    "`cmake --preset gone`",
    "`cmake --build --preset gone`",
    "`ctest --preset release -R 'Ddl|NoSuchTestAtAll'`",
    "`build/release/foundations/schema/schema_tests --gtest_filter='NoSuchSuite*'`",
    "`NoSuchSuite.DoesAnything`",
    "### Add something\n1. `maintenance/store/src/migrate.cpp`: an entry in\n   `kNoSuchList`.",
)


class Tree:
    """The tracked files, and what the build makes of them."""

    def __init__(self, root):
        self.root = root
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                                capture_output=True, text=True).stdout.split("\n")
        self.files = {name for name in listed if name and os.path.isfile(os.path.join(root, name))}
        folders = {os.path.dirname(name) for name in self.files}
        while folders - self.files:
            self.files |= folders
            folders = {os.path.dirname(name) for name in folders}
        self.files.discard("")
        self.top = {name.split("/")[0] for name in self.files}
        self.endings = set()
        for name in self.files:
            parts = name.split("/")
            self.endings |= {"/".join(parts[i:]) for i in range(len(parts))}
        presets = json.loads(self.text("CMakePresets.json"))
        self.presets = {kind: {each["name"] for each in presets[kind] if not each.get("hidden")}
                        for kind in ("configurePresets", "buildPresets", "testPresets")}
        self.cmake = "\n".join(self.text(name) for name in self.files
                               if name.endswith(("CMakeLists.txt", ".cmake")))

    def text(self, name):
        with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def has(self, path, folder):
        """Whether `path`, seen from the root, from `folder` or as the end of a longer path, exists."""
        path = re.sub(r"^\./", "", path).rstrip("/")
        path = re.sub(r"(^|[/_])(?:NAME|N)(?=$|[._/])", r"\1*", path)  # A recipe's "NAME.cpp".
        if "*" in path:
            pattern = re.compile(re.escape(path).replace(r"\*", "[^/]*"))
            return any(pattern.fullmatch(each) for each in self.endings)
        return path in self.endings or os.path.normpath(os.path.join(folder, path)) in self.files

    def builds(self, path):
        """Whether `path`, build/PRESET/..., can be there after a build."""
        parts = path.split("/")
        if parts[1] not in self.presets["configurePresets"]:
            return parts[1] in ("engine", "logs", "clients", "bench", "wheel")  # made by ./setup and scripts
        name = parts[-1]
        tests = LAYER_TESTS.fullmatch(name)
        if tests and re.search(r"optiinfra_tests\(%s\b" % tests.group(1), self.cmake):
            return True
        return len(parts) == 2 or name == "bin" or re.search(r"\b%s\b" % re.escape(name), self.cmake) is not None


class Manual:
    """The commands of the program with their flags, from its manual page."""

    def __init__(self, page):
        page = page.replace("\\-", "-")
        head, *sections = re.split(r'^\.SS "optiinfra ([^"]+)"\n', page, flags=re.M)
        self.global_flags = self.flags_of(head)
        self.commands = {}
        for name, text in zip(sections[::2], sections[1::2]):
            self.commands[tuple(name.split())] = self.flags_of(text)
        for hidden in ("completion", "man", "help", "version"):
            self.commands.setdefault((hidden,), set())
        for name in list(self.commands):
            for length in range(1, len(name)):
                self.commands.setdefault(name[:length], set())

    @staticmethod
    def flags_of(text):
        return set(re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", re.sub(r"\\f[A-Z]", "", text))) | {"--help", "-h"}

    def fault(self, line):
        """What is wrong with a command line behind the word optiinfra; empty when nothing is."""
        words = line.split()
        flags = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
        command = ()
        values = iter(words)
        for word in values:
            if word.startswith("--") and not command:
                next(values, None)  # The value of a global flag.
            elif command + (word,) in self.commands:
                command += (word,)
            else:
                break
        if not command and not line.startswith("--"):
            return "there is no such command"
        known = self.global_flags | self.commands.get(command, set())
        for longer, of_longer in self.commands.items():
            # "query --measures" speaks of the commands below query.
            if longer[:len(command)] == command:
                known = known | of_longer
        wrong = [flag for flag in flags if flag not in known]
        return "optiinfra %s has no %s" % (" ".join(command), ", ".join(wrong)) if wrong else ""


class Document:
    """One Markdown file, cut into prose and blocks of code."""

    def __init__(self, tree, name, text):
        self.tree, self.name, self.folder = tree, name, os.path.dirname(name)
        self.faults = []
        prose, code, in_block = [], [], False
        for line in text.split("\n"):
            if re.match(r"\s*```", line):
                in_block = not in_block
                prose.append("")
                code.append("")
                continue
            in_code = in_block or re.match(r" {4}\S", line) and not re.match(r" +[-*|\d]", line)
            prose.append("" if in_code else line)
            code.append(line if in_code else "")
        self.prose, self.code = prose, code

    def check(self, manual, steps, tests):
        """The faults, a line each."""
        self.check_links()
        if self.name != "CHANGELOG.md":  # It also tells of what was.
            self.check_paths()
            self.check_commands(manual)
        self.check_steps(steps)
        self.check_test_names(tests)
        self.check_recipes()
        return self.faults

    def spans(self, line):
        return re.findall(r"`([^`]+)`", line)

    def complain(self, number, what):
        self.faults.append("%s:%d: %s" % (self.name, number, what))

    def check_links(self):
        for number, line in enumerate(self.prose, 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target) or target.startswith("#"):
                    continue
                path = os.path.normpath(os.path.join(self.folder, target.split("#")[0]))
                if path not in self.tree.files:
                    self.complain(number, "the link %s leads nowhere" % target)

    def check_paths(self):
        for number, line in enumerate(self.prose, 1):
            for span in self.spans(line):
                # "`embedded/room.hpp`", and "`tools/measure/measure.sh --full`" up to its first flag.
                span = span.split(" ")[0]
                if not PATH.fullmatch(span) or not self.looks_like_ours(span) or self.tree.has(span, self.folder):
                    continue
                self.complain(number, "there is no %s" % span)
        for number, (prose, code) in enumerate(zip(self.prose, self.code), 1):
            for path in re.findall(r"(?<![\w/.])build/[\w-]+(?:/[\w.-]+)*", prose + code):
                if not self.tree.builds(path.rstrip(".")):
                    self.complain(number, "no build makes %s" % path)

    def looks_like_ours(self, path):
        first = re.sub(r"^\./", "", path).split("/")[0]
        if first == "build" or path.startswith("./config"):
            return False
        is_below_ours = "/" in path.rstrip("/") and (first in self.tree.top or first in ("src", "include", "tests"))
        return is_below_ours or re.search(r"\w\.(?:cpp|hpp|def)$", path) is not None or (
            "/" in path and re.search(SOURCE_ENDING + "$", path) is not None)

    def command_lines(self):
        """(line number, text) of each command line of the program; continued lines are joined."""
        number = 0
        while number < len(self.code):
            line, first = self.code[number], number
            while line.endswith("\\") and number + 1 < len(self.code):
                number += 1
                line = line[:-1] + self.code[number]
            yield first + 1, line
            number += 1
        for number, line in enumerate(self.prose, 1):
            for span in self.spans(line):
                yield number, span

    def check_commands(self, manual):
        for number, line in self.command_lines():
            for rest in re.findall(r"(?:^\s*|[|;&(/]\s*|[A-Z]=\S+ )optiinfra ([a-z-][^|;&>#)]*)", line):
                fault = manual.fault(rest)
                if fault:
                    self.complain(number, "%s, in: optiinfra %s" % (fault, rest))
            words = tuple(line.split()[:1])
            if words in manual.commands and " --" in line:
                fault = manual.fault(line)
                if fault:
                    self.complain(number, "%s, in: %s" % (fault, line))

    def check_steps(self, steps):
        kinds = {"--build": "buildPresets", "ctest": "testPresets", "cmake": "configurePresets"}
        for number, line in self.command_lines():
            for command, preset in re.findall(r"((?:cmake --build|cmake|ctest)) --preset[ =](\w+)", line):
                if preset not in self.tree.presets[kinds[command.split()[-1]]]:
                    self.complain(number, "%s has no preset %s" % (command, preset))
            for rest in re.findall(r"(?:^|\s)\./check((?: [a-z]+)+)", line):
                for step in rest.split():
                    if step not in steps:
                        self.complain(number, "./check has no step %s" % step)
            for script in re.findall(r"(?:^|\s)((?:\./)?[\w/]+\.sh|\./[\w/]+)(?=$|\s)", line):
                if self.tree.has(script, "") and not os.access(os.path.join(self.tree.root, script), os.X_OK):
                    self.complain(number, "%s cannot be executed" % script)

    def check_test_names(self, tests):
        """Names of tests, also those that a pattern for ctest selects."""
        all_names = ["%s.%s" % (suite, name) for suite in tests for name in tests[suite]]
        for number, line in self.command_lines():
            for pattern in re.findall(r"ctest .*-R '([^']+)'", line):
                for part in pattern.split("|"):
                    if not any(re.search(part, name) for name in all_names):
                        self.complain(number, "ctest -R %s selects no test" % part)
            for patterns in re.findall(r"--gtest_filter='([^']+)'", line):
                for pattern in patterns.split(":"):
                    if "/" not in pattern and not any(fnmatch.fnmatch(name, pattern) for name in all_names):
                        self.complain(number, "--gtest_filter=%s selects no test" % pattern)
            for suite, name in TEST_NAME.findall(line):
                pattern = re.compile(name.replace("*", ".*"))
                if not any(pattern.fullmatch(test) for test in tests.get(suite, ())):
                    self.complain(number, "there is no test %s.%s" % (suite, name))

    def check_recipes(self):
        """A step of a recipe names files; a name in backticks behind them stands in one of them."""
        step, heading = [], ""
        for number, line in enumerate(self.prose + [""], 1):
            if line.startswith("#"):
                heading = line
            if re.match(r"\d+\. |#|$", line):
                self.check_step(step)
                step = []
            if heading.startswith("### Add"):
                step.append((number, line))

    def check_step(self, lines):
        spans = [(number, span) for number, line in lines for span in self.spans(line)]
        files = [span for _, span in spans if os.path.isfile(os.path.join(self.tree.root, span))]
        text = "\n".join(self.tree.text(name) for name in files)
        for number, span in spans:
            if files and IDENTIFIER.fullmatch(span) and "NAME" not in span:
                if re.search(r"\b%s\b" % re.escape(span.rstrip("()")), text) is None:
                    self.complain(number, "%s does not stand in %s" % (span, ", ".join(files)))


def tests_of(tree):
    """The names of all tests, by suite."""
    tests = {}
    for name in tree.files:
        if re.search(r"_test\.cpp$|/tests/.*\.hpp$", name):
            for suite, test in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", tree.text(name), flags=re.M):
                tests.setdefault(suite, set()).add(test)
    for suite, test in re.findall(r"NAME (\w+)\.(\w+)", tree.cmake):
        tests.setdefault(suite, set()).add(test)
    return tests


def main():
    tree = Tree(sys.argv[1])
    if not tree.files:
        print("left out: only git knows which files belong to the tree, and %s is no clone" % sys.argv[1])
        return 77
    known = (Manual(tree.text("cli/man/optiinfra.1")),
             set(" ".join(re.findall(r"^(?:steps|extra)=\(([^)]*)\)", tree.text("check"), flags=re.M)).split()),
             tests_of(tree))
    faults = ["not seen to be wrong: " + text for text in PLANTED
              if not Document(tree, "CONTRIBUTING.md", text).check(*known)]
    documents = sorted(name for name in tree.files if name.endswith(".md"))
    for name in documents:
        faults += Document(tree, name, tree.text(name)).check(*known)
    print("\n".join(faults) if faults else "%d documents name nothing that is not there" % len(documents))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
