#!/usr/bin/env python3
"""Prints golden.txt: for each weight file below the folder given, the number of tensors and one SHA-256 over all names,
types, shapes and values, as PyTorch (1.13) and json + struct read them. Usage: make_golden.py SHARED > golden.txt"""
import hashlib, json, os, struct, sys
import torch

CONTAINERS = ('state_dict', 'model_state_dict')
TYPES = {torch.float32: 'F32', torch.float64: 'F64', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
         torch.int32: 'I32', torch.bool: 'BOOL'}


def flatten(value, name):
    if isinstance(value, torch.Tensor):
        plain = value.detach().contiguous()
        dtype = TYPES[plain.dtype]
        raw = plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain
        yield name, dtype, list(plain.shape), raw.numpy().tobytes()
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f'{name}.{key}' if name else str(key))


def read_torch(path):
    root = torch.load(path, map_location='cpu')
    for key in CONTAINERS:
        root = root.get(key, root)
    return list(flatten(root, ''))


def read_safetensors(path):
    data = open(path, 'rb').read()
    length, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    return [(name, t['dtype'], t['shape'], data[8 + length + t['data_offsets'][0]:8 + length + t['data_offsets'][1]])
            for name, t in header.items() if name != '__metadata__']


def main(shared):
    for folder, _, names in sorted(os.walk(shared)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith('.safetensors'):
                tensors = read_safetensors(path)
            elif name.endswith(('.pt', '.pth', '.model')):
                tensors = read_torch(path)
            else:
                continue
            digest = hashlib.sha256()
            for tensor, dtype, shape, raw in tensors:
                digest.update(f'{tensor} {dtype} {"x".join(map(str, shape))}\n'.encode() + raw)
            print(os.path.relpath(path, shared), len(tensors), digest.hexdigest())


main(sys.argv[1])
