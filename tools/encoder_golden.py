#!/usr/bin/env python3
"""Turns a dynamically quantised ONNX model into a float one with the same (dequantised) weights.

    tools/encoder_golden.py model.onnx float.onnx

ONNX Runtime then computes without quantising activations: the independent engine of encoder_golden.mjs.
Needs Debian's python3-onnx and python3-numpy.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper


def dequantised(stored, name):
    """Float array of the quantised initialiser `name` (…weight_quantized)."""
    base = name.removesuffix("_quantized")
    zero = stored[base + "_zero_point"].astype(np.float32)
    scale = stored[base + "_scale"].astype(np.float32)
    return (stored[name].astype(np.float32) - zero) * scale


def main(source, target):
    model = onnx.load(source)
    graph = model.graph
    stored = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    made_by = {out: n for n in graph.node for out in n.output}
    used_by = {}
    for n in graph.node:
        for name in n.input:
            used_by.setdefault(name, []).append(n)

    new, dropped = [], []
    for n in graph.node:
        if n.op_type == "MatMulInteger":
            # DynamicQuantizeLinear(x) -> MatMulInteger -> Cast -> Mul by scales  becomes  MatMul(x, W)
            quantise = made_by[n.input[0]]
            cast = used_by[n.output[0]][0]
            scaled = used_by[cast.output[0]][0]
            weight = n.input[1] + "_float"
            graph.initializer.append(numpy_helper.from_array(dequantised(stored, n.input[1]), weight))
            new.append(helper.make_node("MatMul", [quantise.input[0], weight], [scaled.output[0]]))
            dropped += [cast.output[0], scaled.output[0]]
            dropped += [o for i in scaled.input if i != cast.output[0] for o in made_by[i].output]
        elif n.op_type != "DynamicQuantizeLinear" and n.output[0] not in dropped:
            new.append(n)
    # The multiplications of scales come before their MatMulInteger: a second look removes them.
    made = {o for n in new if n.op_type == "MatMul" for o in n.output}
    new = [n for n in new if n.op_type == "MatMul" or not (set(n.output) & (set(dropped) | made))]
    del graph.node[:]
    graph.node.extend(new)
    assert not any(n.op_type in ("MatMulInteger", "DynamicQuantizeLinear") for n in graph.node)
    used = {name for n in new for name in n.input}
    kept = [t for t in graph.initializer if t.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
