# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reports against counters recounted from the expanded disassembly."""

import pytest
import listing as listings

import models

MODULI, DETECTIONS = 3, 2

CASES = [(name, memory) for name in ("lenet5", "lenet5_tanh", "all_ops",
                                     "alexnet", "resnet18", "resnet50")
         for memory in ("ideal", "hierarchy")]


@pytest.fixture(scope="module")
def measured(cli, networks, tmp_path_factory):
    """(listing, report) of a network, made once."""
    done = {}

    def measure(name, memory):
        if (name, memory) not in done:
            program = get_program(name, memory, cli, networks, tmp_path_factory)
            done[name, memory] = (listings.read(cli.disassemble(program)),
                                  cli.time(program))
        return done[name, memory]

    return measure


def get_program(name, memory, cli, networks, tmp_path_factory):
    if name != "all_ops":
        return networks.get_program(name, f"--memory={memory}")
    directory = tmp_path_factory.mktemp("all_ops")
    models.make_all_ops(directory / "m.onnx", batch=3)
    cli.compile(directory / "m.onnx", directory / "m.phx", f"--memory={memory}")
    return directory / "m.phx"


def add_up(charges):
    total = {}
    for part in charges:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def get_energy(charges, cli):
    """Picojoules by component."""
    prices, result = cli.get_prices(), {}
    for name, amount in charges.items():
        if name != "macs":
            price, component = prices[cli.PRICES[name]]
            result[component] = result.get(component, 0) + amount * price
    return result


@pytest.mark.parametrize("name, memory", CASES)
def test_counters(name, memory, measured, cli):
    program, report = measured(name, memory)
    charges = listings.count_charges(program, MODULI, DETECTIONS)
    total = add_up(charges.values())
    for counter, amount in report["counters"].items():
        assert total.get(counter, 0) == amount, counter
    assert report["macs"] == total["macs"] > 0
    energy = get_energy(total, cli)
    for component, found in report["energy_pj"]["by_component"].items():
        expected = energy.get(component, 0)
        assert found["dynamic"] == pytest.approx(expected, rel=1e-9), component
    assert report["energy_pj"]["dynamic"] == pytest.approx(sum(energy.values()))


@pytest.mark.parametrize("name, memory", CASES)
def test_layers(name, memory, measured, cli):
    """Every instruction's energy is in its layer or in `unattributed`."""
    program, report = measured(name, memory)
    charges = listings.count_charges(program, MODULI, DETECTIONS)
    layers = report["layers"]
    assert [layer["name"] for layer in layers] == [
        program.layers[i] for i in range(len(program.layers))
    ]
    for index, layer in enumerate(layers):
        mine = charges.get(index, {})
        expected = sum(get_energy(mine, cli).values())
        assert layer["energy_pj"]["total"] == pytest.approx(expected, rel=1e-9)
        assert layer["macs"] == mine.get("macs", 0)
    energy = report["energy_pj"]
    rest = sum(get_energy(charges.get(None, {}), cli).values())
    assert energy["unattributed"]["dynamic"] == pytest.approx(rest, rel=1e-9)
    assert energy["unattributed"]["static"] == energy["static"]
    total = sum(layer["energy_pj"]["total"] for layer in layers)
    total += energy["unattributed"]["total"]
    assert energy["total"] == pytest.approx(total, rel=1e-9)
    assert energy["total"] == pytest.approx(energy["dynamic"] + energy["static"])
    assert energy["total"] == pytest.approx(
        report["energy_per_inference_pj"] * report["batch"]
    )


@pytest.mark.parametrize("name", [n for n, m in CASES if m == "hierarchy"])
def test_traffic(name, measured):
    """DRAM moves at least what is touched, and every parameter, input and
    output is touched."""
    program, report = measured(name, "hierarchy")
    touched = listings.get_touched_dram(program)
    traffic = report["memory"]["dram_traffic_bytes"]
    assert traffic == report["counters"]["dram_bytes"]
    assert traffic >= 4 * int(touched.sum()) > 0
    seen = set()
    for region, role, space, address, size in program.regions:
        if role in ("parameter", "input", "output") and space == 0:
            assert touched[address // 4 : (address + size) // 4].all(), region
            seen.add(role)
    assert seen == {"parameter", "input", "output"}


@pytest.mark.parametrize("name", sorted({n for n, m in CASES}))
def test_no_traffic_under_ideal(name, measured):
    program, report = measured(name, "ideal")
    assert report["counters"]["dram_bytes"] == 0
    assert report["energy_pj"]["by_component"]["dram"]["total"] == 0
    assert not [i for i in program.code if i.name == "dma_copy"]


@pytest.mark.parametrize("name, memory", CASES[:6])
def test_engines(name, memory, measured):
    """Busy, stalled and idle time of each engine make up the latency."""
    program, report = measured(name, memory)
    cores = [e for e in report["engines"] if e["name"].startswith("core")]
    assert len(cores) == program.cores
    for engine in report["engines"]:
        parts = [engine["busy_ns"], engine["idle_ns"]]
        parts += engine["stalled_ns"].values()
        assert sum(parts) == pytest.approx(report["latency_ns"], rel=1e-9)


def test_price_changes_only_what_it_prices(networks, cli):
    program = networks.get_program("lenet5")
    one = cli.time(program)
    two = cli.time(program, "--set", "core.adc_pj=0.0286")
    assert one["counters"] == two["counters"]
    assert one["latency_ns"] == two["latency_ns"]
    before, after = (r["energy_pj"]["by_component"] for r in (one, two))
    for component, value in before.items():
        factor = 2 if component == "adc" else 1
        assert after[component]["dynamic"] == pytest.approx(
            factor * value["dynamic"], rel=1e-12
        )
    slow = cli.time(program, "--set", "core.clock_ghz=5")
    assert slow["counters"] == one["counters"]
    assert slow["latency_ns"] > one["latency_ns"]
