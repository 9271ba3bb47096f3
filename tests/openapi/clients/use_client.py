"""Uses the client that openapi-python-client generates: the arguments are its folder and the URL of a running system."""
import importlib
import json
import sys
import time
from pathlib import Path

folder, url = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(folder.parent))
abaci = importlib.import_module(folder.name)


def operation(path):
    return importlib.import_module(f"{folder.name}.api.{path}")


read, value = operation("calculations.read"), operation("calculations.value")
models = importlib.import_module(f"{folder.name}.models")
client = abaci.Client(url, timeout=60)


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return str(a)


def wait(n):
    deadline = time.monotonic() + 60
    while (calculation := read.sync(str(n), client=client)).status != "done":
        assert time.monotonic() < deadline, calculation
        time.sleep(0.05)
    return calculation


submit = operation("calculations.submit")
# The same operation takes a form too; the client must know them apart.
assert submit._get_kwargs(body=models.Submit("1"))["headers"]["Content-Type"] == "application/json"
form = submit.sync(client=client, body=models.SubmitForm("10006"))
assert form.subject == "F(10006)", form
submitted = submit.sync_detailed(client=client, body=models.Submit("10007"))
assert submitted.status_code in (200, 202), submitted
assert submitted.parsed.subject == "F(10007)", submitted.parsed
calculation, digits = wait(10007), fibonacci(10007)
assert calculation.digits == len(digits) and calculation.last_digits == digits[-20:], calculation
assert calculation.value is None and calculation.links.value == "/api/calculations/10007/value", calculation

assert value.sync("10007", client=client) == digits
part = value.sync_detailed("10007", client=client, range_="bytes=5-9")
assert (part.status_code, part.parsed) == (206, digits[5:10]), part

waited = submit.sync(client=client, body=models.Submit("300"), prefer="wait=30")
assert waited.value == fibonacci(300), waited

batch = operation("calculations.submit_batch").sync_detailed(client=client, body=models.SubmitBatch(from_="1", to="5"))
assert [json.loads(line)["index"] for line in batch.content.splitlines()] == ["1", "2", "3", "4", "5"], batch

page = operation("calculations.list_").sync(client=client, limit=2)
assert len(page.items) == 2 and page.next_, page

facts = operation("numbers.number").sync("10" * 20, client=client, first=5, modulus="1000")
assert len(facts.first_digits) == 5 and facts.periods[0].modulus == 1000, facts

File = importlib.import_module(f"{folder.name}.types").File
verify = operation("numbers.verify")
right = [verify.sync(client=client, index="10007", body=File(text.encode())).right for text in (digits, digits[:-1] + "0")]
assert right == [True, False], right

problem = submit.sync_detailed(client=client, body=models.Submit("1.5"))
assert problem.status_code == 422 and isinstance(problem.parsed, models.Problem), problem
assert problem.parsed.type_ == "urn:abaci:problem:index-not-integer" and problem.parsed.given == "1.5", problem.parsed
missing = read.sync("10008", client=client)
assert isinstance(missing, models.Problem) and missing.status == 404, missing
print("the Python client submitted, waited, and read values, ranges, facts and problems")
