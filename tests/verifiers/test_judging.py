"""Programs that do not solve the problem do not pass, whatever they try; programs that do, pass."""

import sys
import textwrap

import pytest

from urlvr_bench.verifiers import sandbox
from urlvr_bench.verifiers.sandbox import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs can be confined on Linux only")
TESTS = "assert add(3, 4) == 7\nassert add(-1, 1) == 0\nassert sorted({add(1, 1): [2]}.items()) == [(2, [2])]"
LYING = """
def yes(*given): return True
class Yes:
    __eq__ = __ne__ = __bool__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = __instancecheck__ = yes
    __hash__ = lambda self: 0
    __iter__ = lambda self: iter([self])
    __len__ = lambda self: 1
"""
WRONG = "def add(a, b): return 0\n"
CHEATS = {
    "nothing": "",
    "no such function": "def sub(a, b): return a - b",
    "syntax error": "def add(a, b) return a + b",
    "wrong": WRONG,
    "none": "def add(a, b): pass",
    "printed, not returned": "def add(a, b): print(a + b)",
    "a constant": "add = 7",
    "a type": "add = int",
    "equal to everything": LYING + "def add(a, b): return Yes()",
    "equal to everything, of a metaclass": LYING
    + "class Meta(type):\n    __eq__ = yes\n    __hash__ = lambda self: 0\nclass Value(metaclass=Meta): pass\n"
    "def add(a, b): return Value",
    "equal to everything and an int": LYING + "class Int(int):\n    __eq__ = yes\n    __hash__ = int.__hash__\n"
    "def add(a, b): return Int(0)",
    "equal to everything and a float": "class Float(float):\n    __eq__ = lambda *_: True\n"
    "def add(a, b): return Float(0)",
    "equal to everything and a str": "class Str(str):\n    __eq__ = lambda *_: True\n"
    "def add(a, b): return Str('7')",
    "equal to everything and a list": "class List(list):\n    __eq__ = lambda *_: True\n"
    "def add(a, b): return List([7])",
    "equal to everything and a dict": "class Dict(dict):\n    __eq__ = lambda *_: True\n"
    "def add(a, b): return Dict(a=7)",
    "equal to everything and a tuple": "class Tuple(tuple):\n    __eq__ = lambda *_: True\n"
    "def add(a, b): return Tuple([7])",
    "of a lying class": LYING + "class Odd(Yes):\n    __class__ = int\ndef add(a, b): return Odd()",
    "an int with a lying index": "class Int(int):\n    def __index__(self): return 7\ndef add(a, b): return Int(0)",
    "an enumeration": LYING + "import enum\nclass E(enum.IntEnum):\n    A = 0\n    __eq__ = yes\n"
    "def add(a, b): return E.A",
    "a mock": "from unittest.mock import MagicMock, ANY\ndef add(a, b): return ANY",
    "a magic mock": "from unittest.mock import MagicMock\nadd = MagicMock()\nadd.return_value.__eq__ = lambda *_: True",
    "a decimal": "import decimal\ndecimal.Decimal.__eq__ = lambda *_: True\ndef add(a, b): return decimal.Decimal(0)",
    "an array": "import numpy\ndef add(a, b): return numpy.array([7])",
    "an iterator": "def add(a, b): yield 7",
    "a class that is called": LYING + "class add(Yes):\n    def __init__(self, a, b): pass",
    "an exception that is returned": "def add(a, b): return AssertionError()",
    "assertion error": "def add(a, b): raise AssertionError",
    "stop iteration": "def add(a, b): raise StopIteration",
    "system exit": "def add(a, b): raise SystemExit(0)",
    "generator exit": "def add(a, b): raise GeneratorExit",
    "keyboard interrupt": "def add(a, b): raise KeyboardInterrupt",
    "leaves at once": "import sys; sys.exit(0)",
    "leaves at once without a word": "import os; os._exit(0)",
    "leaves when called": "import os\ndef add(a, b): os._exit(0)",
    "leaves when finished": "import atexit, os\natexit.register(os._exit, 0)\n" + WRONG,
    "kills itself": "import os\ndef add(a, b): os.kill(os.getpid(), 9)",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + WRONG,
    "kills all": "import os, signal\ntry: os.kill(-1, signal.SIGTERM)\nexcept OSError: pass\n" + WRONG,
    "never ends": "def add(a, b):\n    while True: pass",
    "never comes": "import time\ndef add(a, b): time.sleep(60)",
    "never loads": "while True: pass",
    "patches isinstance": "import builtins\nbuiltins.isinstance = lambda *_: True\n" + WRONG,
    "patches sorted": "import builtins\nbuiltins.sorted = lambda *_: [(2, [2])]\n" + WRONG,
    "patches the builtins of all modules": "import builtins, sys\nfor m in list(sys.modules.values()):\n"
    "    vars(m).update(AssertionError=type('E', (Exception,), {}), all=lambda x: True)\n" + WRONG,
    "replaces modules": "import sys\nclass M:\n    __getattr__ = lambda s, n: (lambda *a, **k: True)\n"
    "for n in list(sys.modules): sys.modules[n] = M()\n" + WRONG,
    "patches the judge": "import sys\nj = sys.modules['urlvr_bench.verifiers.judging']\nj.failure = lambda *_: ''\n"
    "j.Link.ask = lambda *_: 7\nj.Remote.__eq__ = lambda *_: True\n" + WRONG,
    "patches the pipe": "import sys\nc = sys.modules['urlvr_bench.verifiers.crossing']\n"
    "c.send = lambda *_: None\n" + WRONG,
    "patches exit codes": "import os, sys\nos._exit.__self__\nsys.modules['os']._exit = lambda c: None\n" + WRONG,
    "patches unittest and doctest": "import doctest, unittest\ndoctest.DocTestRunner.run = lambda *_, **__: None\n"
    "unittest.TestCase.run = lambda *_: None\n" + WRONG,
    "traces": "import sys\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)\n" + WRONG,
    "searches the frames": """
import sys
def add(a, b):
    frame = sys._getframe()
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if 'add(3, 4) == ' + str(7) in str(value): return a + b
        frame = frame.f_back
""",
    "searches memory": """
import gc, re
texts = [t for o in gc.get_objects() for t in gc.get_referents(o) if type(t) in (str, bytes)]
found = any(re.search(r'add.3, 4. =[=] 7', str(t)) for t in texts)
def add(a, b):
    if found: return a + b
""",
    "searches its address space": """
import re
found = False
try:
    for line in open('/proc/self/maps'):
        area, mode = line.split()[:2]
        start, end = (int(x, 16) for x in area.split('-'))
        if mode.startswith('rw') and end - start < 1 << 26:
            with open('/proc/self/mem', 'rb') as memory:
                memory.seek(start)
                found |= bool(re.search(rb'add.3, 4. =[=] 7', memory.read(end - start)))
except OSError: pass
def add(a, b):
    if found: return a + b
""",
    "reads standard input": """
import os, sys
text = sys.stdin.read()
for number in range(16):
    try: os.lseek(number, 0, 0)
    except OSError: pass
    try: text += os.pread(number, 9999, 0).decode()
    except OSError: pass
def add(a, b):
    if 'assert' in text: return a + b
""",
    "reads the files about": """
import os
text = ''
for folder in ('.', '..', '/tmp', '/box', '/proc/1/fd', '/proc/self/fd', os.path.dirname(os.__file__)):
    try: names = os.listdir(folder)
    except OSError: continue
    for name in names:
        if not name.startswith(('judg', 'test', 'main', 'sol')) and not name.isdigit(): continue
        try: text += os.pread(os.open(folder + '/' + name, os.O_RDONLY | os.O_NONBLOCK), 9999, 0).decode()
        except (OSError, ValueError): pass
def add(a, b):
    if 'add(3, 4)' in text: return a + b
""",
    "reads the parent": """
import os
text = ''
for process in (os.getppid(), os.getpid(), 1, *range(2, 400)):
    for file in ('cmdline', 'environ', 'mem', 'fd/0'):
        try: text += open(f'/proc/{process}/{file}', errors='replace').read(1 << 16)
        except (OSError, ValueError): pass
def add(a, b):
    if 'add(3, 4)' in text: return a + b
""",
    "says that all is well": """
import os
for number in range(64):
    for text in (b'ok\\n', b'ready', b'passed', b'True', b'0', b'\\x00\\x00\\x00\\x01T', b'\\n'):
        try: os.write(number, text)
        except OSError: pass
""" + WRONG,
    "answers before it is asked": """
import os, struct
def frame(body): return struct.pack('>I', len(body)) + body
true, none = frame(b't' + struct.pack('>I', 2) + b'TT'), frame(b't' + struct.pack('>I', 2) + b'TN')
for number in range(3, 64):
    try: os.write(number, none + true * 99)
    except OSError: pass
""" + WRONG,
    "gives a value that breaks the judge": """
import os, struct
one, most = struct.pack('>I', 1), b'\\xff' * 4
for body in (b'', b'?', b'l' + most, b'd' + one + b'N', b's' + one + b'\\xff', b'o' + most, b'e' + one + b'l'):
    for number in range(3, 64):
        try: os.write(number, struct.pack('>I', len(body)) + body)
        except OSError: pass
""" + WRONG,
    "gives a frame without end": """
import os
for number in range(3, 64):
    try: os.write(number, b'\\xff' * 9)
    except OSError: pass
""" + WRONG,
    "nests without end": "import sys\nsys.setrecursionlimit(10**6)\nx = []\n"
    "for _ in range(10**5): x = [x]\ndef add(a, b): return x",
    "holds itself": "x = []\nx.append(x)\ndef add(a, b): return x",
    "is huge": "def add(a, b): return [0] * 10**8",
    "is a huge number": "def add(a, b): return 1 << (1 << 24)",
    "gives without end": "import itertools\ndef add(a, b): return itertools.count()",
    "is true of itself": "def add(a, b): return True",
    "is nan": "def add(a, b): return float('nan')",
    "learns from the first run": """
import os
def add(a, b):
    open('/box/seen', 'a').write('x')
    return 7 if os.path.getsize('/box/seen') == 1 else 0
""",
    "wants to be the judge": "import os, sys\nos.execv(sys.executable or '/usr/bin/true', ['true'])",
    "forks": "import os\nif os.fork(): os._exit(0)\n" + WRONG,
    "reads the clock of the judge": "import random\nrandom.seed(0)\ndef add(a, b): return random.choice([7, 0, 2])",
}  # fmt: skip


def judged(program: str, tests: str = TESTS, **asked: str) -> bool:
    limits = Limits(seconds=1.0)
    return sandbox.passes(textwrap.dedent(program), tests, asked or {"add": "add"}, limits)


def test_the_honest_program_passes() -> None:
    assert judged("def add(a, b): return a + b")
    assert judged("import operator\nadd = operator.add\nprint('noise')")


@pytest.mark.parametrize("program", CHEATS.values(), ids=CHEATS.keys())
def test_no_cheat_passes(program: str) -> None:
    assert not judged(program)


COMPARISONS = [
    "assert f()", "assert f() == 7", "assert not f()", "assert f() in (7, 8)", "assert 7 in f()", "assert f() < 8",
    "assert bool(f())", "assert len(f()) == 1", "assert list(f()) == [7]", "assert isinstance(f(), int)",
    "assert f() is True", "assert sum(f()) == 7", "assert [7] == [f()]", "assert {7: 1}[f()]",
    "assert abs(f() - 7) < 1", "assert str(f()) == '7'", "import math\nassert math.isclose(f(), 7)",
    "assert f'{f()}' == '7'",
]  # fmt: skip


KEPT = ("class", "new", "init", "init_subclass", "subclasshook", "getattribute", "setattr", "dict", "doc", "weakref")
LIES = {*dir(float), *dir(list), "__bool__", "__contains__", "__index__"} - {f"__{name}__" for name in KEPT}
"""Every method of numbers and of lists."""


@pytest.mark.parametrize("test", COMPARISONS)
def test_an_object_that_lies_passes_no_test(test: str) -> None:
    lies = "class Lie:\n" + "".join(f"    {name} = lambda *_: 7\n" for name in LIES) + "def f(): return Lie()"
    assert not judged(lies, test, f="f")


VALUES = [
    "None", "True", "0", "-1", "10**30", "-(1 << 64)", "0.1", "-0.0", "float('inf')", "1e-320", "1j", "''", "'\\ud800'",
    "'\\0\\n'", "b'\\xff'", "bytearray(b'1')", "[]", "[1, [2, (3,)]]", "()", "set()", "{1, 'a', (2,)}",
    "frozenset({1})",
    "{}", "{(1, 2): {3: [4]}, None: True}", "int", "type(None)",
]  # fmt: skip


@pytest.mark.parametrize("value", ["; ".join(VALUES)])
def test_values_cross_in_both_directions_as_what_they_are(value: str) -> None:
    program = "def same(x): return x\n" + "\n".join(f"def f{i}(): return {text}" for i, text in enumerate(VALUES))
    tests = "\n".join(
        f"for x in f{i}(), same({text}):\n    assert (repr(x), type(x)) == (repr({text}), type({text}))"
        for i, text in enumerate(VALUES)
        if "{1, 'a'" not in text
    )
    assert judged(program, tests, same="same", **{f"f{i}": f"f{i}" for i in range(len(VALUES))})


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("class I(int): pass\nx = I(3)", "3"),
        ("import enum\nclass E(enum.IntEnum):\n    A = 3\nx = E.A", "3"),
        ("import collections\nx = collections.Counter('aab')", "{'a': 2, 'b': 1}"),
        ("import collections\nx = collections.namedtuple('P', 'a b')(1, 2)", "(1, 2)"),
        ("import collections\nx = collections.defaultdict(list, {1: [2]})", "{1: [2]}"),
        ("import numpy\nx = numpy.float64(0.5)", "0.5"),
        ("import numpy\nx = [numpy.int64(5), numpy.bool_(True), numpy.str_('a')]", "[5, True, 'a']"),
    ],
)
def test_a_kind_of_plain_value_crosses_as_the_plain_value(given: str, seen: str) -> None:
    tests = f"assert (repr(f()), type(f())) == (repr({seen}), type({seen}))"
    assert judged(f"{given}\ndef f(): return x", tests, f="f")


def test_tests_work_with_objects_iterators_errors_and_keywords_of_the_program() -> None:
    program = """
    class Node:
        def __init__(self, value, next=None): self.value, self.next = value, next
        def total(self): return self.value + (self.next.total() if self.next else 0)
    def last(node):
        return last(node.next) if node.next else node
    def numbers(n): yield from range(n)
    def fail(x): raise KeyError(x)
    """
    tests = """
a = Node(1, next=Node(2))
b = last(a)
assert b.value == 2 and a.total() == 3
b.next = Node(5)
assert last(a).value == 5 and a.next.next.value == 5
assert list(numbers(3)) == [0, 1, 2]
try: fail("x")
except KeyError as error: assert error.args == ("x",)
else: assert False
"""
    assert judged(program, tests, Node="Node", last="last", numbers="numbers", fail="fail")
    assert not judged(program, tests + "assert a == a.next", Node="Node", last="last", numbers="numbers", fail="fail")


def test_an_argument_that_the_program_changes_stays_as_it_was() -> None:
    tests = "x = [2, 1]\nassert f(x) == sorted(x)"
    assert judged("def f(x):\n    x.sort()\n    return x", tests, f="f")
    assert not judged("def f(x):\n    x.clear()\n    return x", tests, f="f")


def test_a_verdict_is_the_same_every_time() -> None:
    program = "import random\ndef f(x): return x + (random.random() < 0)\ndef order(): return list(set('abcdefgh'))"
    tests = (
        f"import random\nassert random.random() == 0.8444218515250481\nassert order() == {list('dhcabgfe')!r} or True"
    )
    assert judged(program, tests, f="f", order="order")


def test_a_judge_that_does_not_end_is_ended() -> None:
    assert not judged("def add(a, b): return 7", "while add(3, 4) == 7: pass")
