#!/usr/bin/env python3
"""Runs that are watched and interrupted: signals, the terminal, plain progress.

    watch.py PROGRAM [unittest arguments]
"""
import csv
import fcntl
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # noqa: E402

PROGRAM = ""


def default_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Watch(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        run.make_pictures(self.folder)
        self.environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"} | {"TERM": "xterm"}

    def start(self, *arguments, **options):
        settings = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "preexec_fn": default_signals}
        return subprocess.Popen([PROGRAM, "invert", "photo.png", "-o", "out.png", *arguments], cwd=self.folder,
                                env=self.environment, stdin=subprocess.DEVNULL, **(settings | options))

    def wait_for_rows(self, count, path="log.csv"):
        """Waits until the log has that many rows, so that the run is on its way."""
        for _ in range(1000):
            log = self.folder / path
            if log.exists() and log.read_text().count("\n") > count:
                return
            time.sleep(0.02)
        self.fail("the run did not start")

    def names(self):
        return sorted(entry.name for entry in self.folder.iterdir())

    def slow_run(self, *arguments):
        process = self.start("--delay", "50", "--steps", "1000", "--log", "log.csv", "--save-recipe", *arguments)
        self.wait_for_rows(3)
        return process

    def check_stopped(self, number):
        process = self.slow_run("--json")
        process.send_signal(number)
        output, message = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        report = json.loads(output)
        steps = report["evaluations"]
        self.assertTrue(report["stopped"])
        self.assertTrue(3 <= steps < 1000)
        with (self.folder / "log.csv").open() as log:
            rows = list(csv.DictReader(log))
        self.assertEqual(len(rows), steps)
        self.assertIn(f"stopped after {steps} of 1000 steps; the best so far is in out.png", message.decode())
        recipe = json.loads((self.folder / "out.png.recipe.json").read_text())
        self.assertEqual(recipe["stopped-after"], steps)
        # the picture is that of the step where it stopped
        subprocess.run([PROGRAM, "invert", "photo.png", "-q", "-o", "same.png", "--strength", str(steps / 1000),
                        "--steps", "1", "--no-embed-recipe"], cwd=self.folder, check=True)
        self.assertEqual(self.pixels("same.png"), self.pixels("out.png"))
        self.assertIn("stopped", subprocess.run(
            [PROGRAM, "invert", "--recipe", "out.png", "--delay", "0", "-q", "-o", "again.png"], cwd=self.folder,
            check=True, stderr=subprocess.PIPE).stderr.decode())

    def pixels(self, name):
        data = (self.folder / name).read_bytes()
        return re.search(rb"IDAT(.*?)IEND", data, re.S)[1]

    def test_an_interrupt_saves_the_best_so_far(self):
        self.check_stopped(signal.SIGINT)

    def test_a_request_to_end_saves_the_best_so_far(self):
        self.check_stopped(signal.SIGTERM)

    def test_a_second_interrupt_ends_at_once_and_leaves_nothing(self):
        process = self.start("--delay", "60000", "--steps", "3")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertIn("press Ctrl-C again", process.stderr.readline().decode() + process.stderr.readline().decode())
        process.send_signal(signal.SIGINT)  # a wrapper that passes on what the terminal has sent already
        time.sleep(0.6)
        self.assertIsNone(process.poll())
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        message = process.communicate(timeout=20)[1].decode()
        self.assertIn("ended at once; nothing more is saved", message)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.names(), ["deep.png", "painting.png", "photo.png"])

    def make_many(self, count):
        (self.folder / "photos").mkdir()
        for i in range(count):
            (self.folder / "photos" / f"{i}.png").write_bytes((self.folder / "photo.png").read_bytes())

    def start_many(self, *arguments, **options):
        settings = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "preexec_fn": default_signals}
        return subprocess.Popen([PROGRAM, "invert", "photos", "-O", "out", *arguments], cwd=self.folder,
                                env=self.environment, stdin=subprocess.DEVNULL, **(settings | options))

    def test_an_interrupt_keeps_the_pictures_that_are_done(self):
        self.make_many(50)
        process = self.start_many("--delay", "40", "--steps", "5", "--json")
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        output, message = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        done = [json.loads(line) for line in lines + output.splitlines()]
        self.assertTrue(2 <= len(done) < 50)
        self.assertEqual(sorted(line["output"] for line in done),
                         sorted(f"out/{path.name}" for path in (self.folder / "out").iterdir()))
        for path in (self.folder / "out").iterdir():
            self.assertTrue(path.read_bytes().endswith(b"IEND\xaeB`\x82"))
        self.assertIn(f"stopped: {len(done)} of 50 restyled; --skip-existing goes on from here", message.decode())
        self.assertIn("what is done is kept", message.decode())
        again = self.start_many("--steps", "1", "--skip-existing")
        self.assertRegex(again.communicate(timeout=20)[1].decode(),
                         rf"^out: {50 - len(done)} restyled, {len(done)} there already in [0-9.]+ s\n$")
        self.assertEqual(again.returncode, 0)

    def test_a_second_interrupt_leaves_whole_pictures_only(self):
        self.make_many(3)
        process = self.start_many("--delay", "60000", "--steps", "3")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(list((self.folder / "out").iterdir()), [])

    def test_many_pictures_on_a_terminal_have_one_line(self):
        self.make_many(4)
        text = self.terminal_output("--delay", "50", "--steps", "5", start=self.start_many)
        shown = [draw for draw in re.findall(r"\r([^\r\n]*)\x1b\[K", text) if draw]
        self.assertEqual(shown[0], "picture 1/4  0.png")
        self.assertRegex(shown[-1], r"^picture 4/4  [1-5]/5  12x8  \d+ s left  3\.png$")
        self.assertRegex(text.rstrip().split("\x1b[K")[-1], r"^out: 4 restyled in [0-9.]+ s$")

    def test_many_pictures_in_a_pipe_have_plain_lines(self):
        self.make_many(3)
        process = self.start_many("--delay", "800", "--steps", "5")
        message = process.communicate(timeout=60)[1].decode().splitlines()
        self.assertEqual(len(message), 2)
        self.assertRegex(message[0], r"^picture 3/3  \d/5  12x8  \d s left  2\.png$")

    def test_many_pictures_quietly(self):
        self.make_many(3)
        self.assertEqual(self.terminal_output("-q", "--delay", "50", start=self.start_many), "")

    def test_a_full_disk_ends_it(self):
        self.make_many(3)
        process = self.start_many("-q", preexec_fn=lambda: (default_signals(), resource.setrlimit(
            resource.RLIMIT_FSIZE, (100, 100))))
        message = process.communicate(timeout=20)[1].decode()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(message.count("cannot write out/"), 1, message)
        self.assertEqual(list((self.folder / "out").iterdir()), [])

    def test_ignored_signals_stay_ignored(self):
        process = self.start("--delay", "20", "--steps", "50", "--log", "log.csv",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for_rows(3)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)

    def test_a_picture_whose_place_is_gone_is_saved_elsewhere(self):
        (self.folder / "gone").mkdir()
        (self.folder / "temporary").mkdir()
        self.environment["TMPDIR"] = str(self.folder / "temporary")
        process = self.start("--delay", "20", "--steps", "40", "--log", "log.csv", "-o", "gone/out.png")
        self.wait_for_rows(3)
        (self.folder / "gone").rmdir()
        message = process.communicate(timeout=20)[1].decode()
        self.assertEqual(process.returncode, 1)
        saved = re.search(r"the picture was saved as (\S+) instead", message)
        self.assertIsNotNone(saved, message)
        self.assertTrue(saved[1].startswith(self.environment["TMPDIR"]) and saved[1].endswith("/out.png"))
        self.assertIn(b"IEND", pathlib.Path(saved[1]).read_bytes())

    def test_previews_are_whole_at_any_time(self):
        process = self.slow_run("--preview", "now.png", "--preview-every", "0")
        seen = set()
        for _ in range(40):
            data = (self.folder / "now.png").read_bytes() if (self.folder / "now.png").exists() else b""
            if data:
                self.assertTrue(data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82"))
                seen.add(data)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertGreater(len(seen), 3)
        self.assertEqual(self.pixels("now.png"), self.pixels("out.png"))

    def terminal_output(self, *arguments, columns=80, start=None):
        """What a run prints to a terminal of that width."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = (start or self.start)(*arguments, stderr=slave)
        os.close(slave)
        text = b""
        while True:
            ready, _, _ = select.select([master], [], [], 20)
            try:
                part = os.read(master, 4096) if ready else b""
            except OSError:  # Linux says so when the other side is closed
                part = b""
            if not part:
                break
            text += part
        os.close(master)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        return text.decode()

    def test_a_terminal_gets_one_line_that_goes_away(self):
        text = self.terminal_output("--delay", "10", "--steps", "100")
        draws = re.findall(r"\r([^\r\n]*)\x1b\[K", text)
        shown = [draw for draw in draws if draw]
        self.assertTrue(5 <= len(shown) <= 25, len(shown))  # 1 s at no more than 10 a second
        self.assertRegex(shown[-1], r"^\d+/100 +\d+%  12x8  total [0-9.e+-]+  [0-9.]+/s  \d+ s left$")
        self.assertEqual(draws[-1], "")
        self.assertTrue(text.rstrip().split("\x1b[K")[-1].startswith("out.png: 12x8, 100 steps"))

    def test_the_line_fits_a_narrow_terminal(self):
        text = self.terminal_output("--delay", "10", "--steps", "50", columns=20)
        for draw in re.findall(r"\r([^\r\n]*)\x1b\[K", text):
            self.assertLess(len(draw), 20)

    def test_quiet_prints_nothing(self):
        self.assertEqual(self.terminal_output("-q", "--steps", "20", "--delay", "10"), "")

    def test_a_notice_stands_above_the_line(self):
        text = self.terminal_output("painting.png", "--steps", "3")
        self.assertIn("impasto: the style pictures are not used\r\n", text)

    def test_a_pipe_gets_plain_lines_now_and_then(self):
        process = self.start("--delay", "100", "--steps", "110")
        _, message = process.communicate(timeout=60)
        lines = message.decode().splitlines()
        self.assertEqual(len(lines), 2)  # one after ten seconds, and the summary
        self.assertRegex(lines[0], r"^\d+/110 ")
        self.assertNotIn("\x1b", message.decode())

    def test_a_closed_pipe_is_said(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "invert", "--help"], stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode(), "impasto: cannot write standard output: Broken pipe\n")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
