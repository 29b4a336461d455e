#!/usr/bin/env python3
"""Writes the seeds of the weight readers' fuzzers, from nothing but this script: corpus/safetensors, corpus/torch and
corpus/style.

Names that begin with good_ can be read; tests/weights/test_hostile.c says what is wrong with the others. Where PyTorch is
installed, --check loads the good PyTorch files with it and prints what it finds."""
import io, json, pathlib, struct, sys, zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / 'corpus'


def floats(n):
    return struct.pack(f'<{n}f', *range(n))


# ---- safetensors ----

def safetensors(header, data=b'', length=None):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(',', ':')).encode()
    return struct.pack('<Q', len(text) if length is None else length) + text + data


def tensor(dtype, shape, begin, end):
    return {'dtype': dtype, 'shape': shape, 'data_offsets': [begin, end]}


def one(dtype='F32', shape=(2,), begin=0, end=8, data=floats(2)):
    return safetensors({'a': tensor(dtype, list(shape), begin, end)}, data)


def all_types():
    sizes = {'F64': 8, 'I64': 8, 'U64': 8, 'F32': 4, 'I32': 4, 'F16': 2, 'BF16': 2, 'I16': 2, 'I8': 1, 'U8': 1, 'BOOL': 1}
    header, at = {'__metadata__': {'format': 'pt', 'note': 'ä'}}, 0
    for dtype, size in sizes.items():
        header[dtype.lower()] = tensor(dtype, [1, 2], at, at + 2 * size)
        at += 2 * size
    return safetensors(header, bytes([0, 1] * (at // 2)))


SAFETENSORS = {
    'good_empty': safetensors({}),
    'good_one': one(),
    'good_scalar': one(shape=(), end=4, data=floats(1)),
    'good_no_elements': one(shape=(0, 3), end=0, data=b''),
    'good_all_types': all_types(),
    'good_order': safetensors({'b': tensor('F32', [1], 4, 8), 'a': tensor('F32', [1], 0, 4)}, floats(2)),
    'good_padded': safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}     ', floats(2)),
    'too_short': b'\x10\0\0',
    'header_2_63': safetensors({'a': tensor('F32', [2], 0, 8)}, floats(2), 1 << 63),
    'header_all_ones': safetensors({'a': tensor('F32', [2], 0, 8)}, floats(2), (1 << 64) - 1),
    'header_1_gib': safetensors({'a': tensor('F32', [2], 0, 8)}, floats(2), 1 << 30),
    'header_beyond_file': safetensors({'a': tensor('F32', [2], 0, 8)}, floats(2), 100),
    'not_json': safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offs\n\x01'),
    'not_utf8': safetensors(b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', floats(2)),
    'not_object': safetensors(b'{"a":[1,2]}', floats(2)),
    'deep': safetensors(b'{"a":' + b'[' * 3000),
    'twice': safetensors(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
                         b'"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', floats(2)),
    'control_in_name': safetensors({'a\nb': tensor('F32', [2], 0, 8)}, floats(2)),
    'metadata_number': safetensors({'__metadata__': {'n': 1}, 'a': tensor('F32', [2], 0, 8)}, floats(2)),
    'metadata_text': safetensors({'__metadata__': 'x', 'a': tensor('F32', [2], 0, 8)}, floats(2)),
    'dtype_unknown': one(dtype='F8_E4M3'),
    'dtype_number': one(dtype=7),
    'dtype_wrong': one(dtype='F64'),
    'shape_wrong': one(shape=(3,)),
    'shape_negative': one(shape=(-1, -2)),
    'shape_overflow': one(shape=(1 << 62, 1 << 62, 4)),
    'shape_wraps': one(shape=(1 << 62, 8), end=0, data=b''),
    'shape_real': one(shape=(2.0,)),
    'shape_missing': safetensors({'a': {'dtype': 'F32', 'data_offsets': [0, 8]}}, floats(2)),
    'rank_9': one(shape=(1,) * 8 + (2,)),
    'offsets_beyond': one(begin=0, end=1 << 40),
    'offsets_reversed': one(begin=8, end=0),
    'offsets_negative': one(begin=-8, end=0),
    'offsets_huge': safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}', floats(2)),
    'offsets_three': safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', floats(2)),
    'overlap': safetensors({'a': tensor('F32', [2], 0, 8), 'b': tensor('F32', [2], 4, 12)}, floats(3)),
    'same_bytes': safetensors({'a': tensor('F32', [2], 0, 8), 'b': tensor('F32', [2], 0, 8)}, floats(2)),
    'gap': safetensors({'a': tensor('F32', [1], 0, 4), 'b': tensor('F32', [1], 8, 12)}, floats(3)),
    'gap_at_end': one(data=floats(3)),
    'bool_2': one(dtype='BOOL', shape=(2,), end=2, data=b'\1\2'),
    'truncated': one()[:-3],
    'truncated_header': one()[:40],
}


# ---- pickles, opcode by opcode ----

def text(s):
    raw = s.encode() if isinstance(s, str) else s
    return b'X' + struct.pack('<I', len(raw)) + raw


def number(n):
    if 0 <= n < 256:
        return b'K' + bytes([n])
    if -(1 << 31) <= n < 1 << 31:
        return b'J' + struct.pack('<i', n)
    raw = n.to_bytes(n.bit_length() // 8 + 1, 'little', signed=True)
    return b'\x8a' + bytes([len(raw)]) + raw


def group(*items):
    return b'(' + b''.join(items) + b't'


def name(module, what):
    return f'c{module}\n{what}\n'.encode()


def call(function, *arguments):
    return function + group(*arguments) + b'R'


def pairs(items):
    return b'(' + b''.join((text(key) if isinstance(key, str) else key) + value for key, value in items.items()) + b'u'


def plain_dict(items):
    return b'}' + pairs(items)


def ordered(items):
    return name('collections', 'OrderedDict') + b')R' + pairs(items) + b'}' + text('_metadata') + plain_dict({'': b'}'}) + b'sb'


def storage(key, count, kind='FloatStorage', more=b''):
    return group(text('storage'), name('torch', kind), text(key), text('cpu'), number(count), more) + b'Q'


def view(source, offset, shape, strides):
    return call(name('torch._utils', '_rebuild_tensor_v2'), source, number(offset), group(*map(number, shape)),
                group(*map(number, strides)), b'\x89', name('collections', 'OrderedDict') + b')R')


def flat(key, count, kind='FloatStorage', more=b''):
    return view(storage(key, count, kind, more), 0, [count], [1])


def parameter(inner):
    return call(name('torch._utils', '_rebuild_parameter'), inner, b'\x88', name('collections', 'OrderedDict') + b')R')


def pickle(body, protocol=2):
    return b'\x80' + bytes([protocol]) + body + b'.'


SYSTEM = call(name('os', 'system'), text('echo impasto-was-here'))


# ---- the two containers ----

def archive(body, storages, method=zipfile.ZIP_STORED, extra=None, folder='m/', byteorder='little'):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as file:
        entries = {'data.pkl': pickle(body), 'version': '3\n'}
        if byteorder:
            entries['byteorder'] = byteorder
        entries.update({f'data/{key}': data for key, data in storages.items()})
        entries.update(extra or {})
        for key, data in entries.items():
            info = zipfile.ZipInfo(folder + key, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            file.writestr(info, data)
    return out.getvalue()


def broken_sum(data):
    at = data.index(floats(4))
    return data[:at] + b'\x7f' + data[at + 1:]


MAGIC = pickle(b'\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19')


def legacy(body, storages, little=b'\x88', version=1001, sizes=None, keys=None, magic=MAGIC):
    system = plain_dict({'protocol_version': b'M\xe9\x03', 'little_endian': little,
                         'type_sizes': plain_dict({'int': number(4), 'short': number(2), 'long': number(4)})})
    listed = list(storages) if keys is None else keys
    out = magic + pickle(b'M' + struct.pack('<H', version)) + pickle(system) + pickle(body)
    out += pickle(b'](' + b''.join(map(text, listed)) + b'e')
    for key, data in storages.items():
        out += struct.pack('<q', (sizes or {}).get(key, len(data) // 4)) + data
    return out


def laughs():
    """Thirty lists, each holding the one before it twice."""
    body = b']q\0'
    for i in range(30):
        body += b'](h' + bytes([i]) + b'h' + bytes([i]) + b'eq' + bytes([i + 1])
    return body


def python2():
    """An OrderedDict as Python 2 writes it: from a list of pairs, with byte strings and LONG1 for sizes."""
    tuple_ = group(b'U\x07storage', name('torch', 'FloatStorage'), b'U\x011', b'U\x06cuda:0', b'\x8a\x01\x04', b'N') + b'Q'
    pair = b'](U\x01w' + view(tuple_, 0, [4], [1]) + b'e'
    return name('collections', 'OrderedDict') + b'](' + pair + b'e\x85R'


FOUR = {'0': floats(4)}
ONE = ordered({'a.weight': flat('0', 4)})
OLD = ordered({'a.weight': flat('0', 4, more=b'N')})
TORCH = {
    # zip
    'good_zip': archive(ONE, FOUR),
    'good_zip_no_folder': archive(ONE, FOUR, folder='', byteorder=None),
    'good_zip_deflated': archive(ONE, FOUR, method=zipfile.ZIP_DEFLATED),
    'good_zip_views': archive(plain_dict({
        'whole': view(storage('0', 6), 0, [2, 3], [3, 1]), 'turned': view(storage('0', 6), 0, [3, 2], [1, 3]),
        'column': view(storage('0', 6), 1, [2], [3]), 'same': view(storage('0', 6), 2, [2, 2], [0, 0]),
        'none': view(storage('0', 6), 6, [0], [1]), 'scalar': view(storage('0', 6), 5, [], []),
        'half': parameter(flat('1', 2, 'HalfStorage'))}), {'0': floats(6), '1': b'\0\x3c\0\xc0'}),
    'good_zip_types': archive(plain_dict({
        kind: flat(kind, 2, kind + 'Storage') for kind in
        ('Double', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool')}),
        {'Double': struct.pack('<2d', 0.5, -2), 'BFloat16': struct.pack('<2H', 0x3f80, 0xc000), 'Bool': b'\1\0'} |
        {kind: struct.pack(code, -1 if kind != 'Byte' else 255, 2) for kind, code in
         (('Long', '<2q'), ('Int', '<2i'), ('Short', '<2h'), ('Char', '<2b'), ('Byte', '<2B'))}),
    'good_zip_checkpoint': archive(plain_dict({
        'epoch': number(300), 'loss': b'G' + struct.pack('>d', 0.5), 'best': flat('0', 4), 'args': plain_dict({'lr': b'N'}),
        'optimizer': plain_dict({'state': plain_dict({number(0): plain_dict({'m': flat('0', 4)})})}),
        'state_dict': ONE}), FOUR),
    'good_zip_nested': archive(plain_dict({
        'model': ordered({'w': flat('0', 4)}), 'head': plain_dict({'layers': b'](' + flat('0', 4) + flat('0', 4) + b'e'})}),
        FOUR),
    'good_zip_model': archive(plain_dict({
        'model': ordered({'w': flat('0', 4)}), 'epoch': number(3),
        'optimizer': plain_dict({'state': plain_dict({'m': flat('0', 4)})})}), FOUR),
    'good_zip_tensor': archive(flat('0', 4), FOUR),
    'zip_os_system': archive(plain_dict({'a': flat('0', 4), 'b': SYSTEM}), FOUR),
    'zip_stack_global': archive(b'\x8c\x02os\x8c\x06system\x93' + group(text('true')) + b'R', FOUR),
    'zip_module': archive(name('torch.nn.modules.container', 'Sequential') + b')\x81}b', FOUR),
    'zip_quantised': archive(plain_dict({'a': flat('0', 4, 'QInt8Storage')}), FOUR),
    'zip_control_global': archive(b'cos\x1b[31m\nsys\rtem\n)R', FOUR),
    'zip_no_tensors': archive(plain_dict({'a': number(1)}), {}),
    'zip_no_pickle': archive(ONE, FOUR, folder='m/n/'),
    'zip_program': archive(ONE, FOUR, extra={'constants.pkl': pickle(b')')}),
    'zip_big_endian': archive(ONE, FOUR, byteorder='big'),
    'zip_storage_missing': archive(ordered({'a': flat('7', 4)}), FOUR),
    'zip_storage_short': archive(ordered({'a': flat('0', 5)}), FOUR),
    'zip_storage_huge': archive(ordered({'a': flat('0', 1 << 60)}), FOUR),
    'zip_storage_overflow': archive(ordered({'a': flat('0', 1 << 62)}), FOUR),
    'zip_storage_negative': archive(ordered({'a': flat('0', -4)}), FOUR),
    'zip_offset_beyond': archive(ordered({'a': view(storage('0', 4), 4, [1], [1])}), FOUR),
    'zip_shape_beyond': archive(ordered({'a': view(storage('0', 4), 0, [5], [1])}), FOUR),
    'zip_stride_beyond': archive(ordered({'a': view(storage('0', 4), 0, [2, 2], [3, 1])}), FOUR),
    'zip_stride_wraps': archive(ordered({'a': view(storage('0', 4), 3, [3], [(1 << 63) - 1])}), FOUR),
    'zip_stride_negative': archive(ordered({'a': view(storage('0', 4), 3, [4], [-1])}), FOUR),
    'zip_shape_wraps': archive(ordered({'a': view(storage('0', 4), 0, [1 << 32, 1 << 32], [0, 0])}), FOUR),
    'zip_expanded': archive(ordered({'a': view(storage('0', 4), 0, [1 << 20, 1 << 20], [0, 0])}), FOUR),
    'zip_rank_9': archive(ordered({'a': view(storage('0', 4), 0, [1] * 9, [1] * 9)}), FOUR),
    'zip_rank_differs': archive(ordered({'a': view(storage('0', 4), 0, [1, 1], [1])}), FOUR),
    'zip_bool_2': archive(ordered({'a': flat('0', 4, 'BoolStorage')}), {'0': b'\0\1\2\1'}),
    'zip_twice': archive(plain_dict({'a': plain_dict({'b': flat('0', 4)}), 'a.b': flat('0', 4)}), FOUR),
    'zip_control_name': archive(plain_dict({'a\nb': flat('0', 4)}), FOUR),
    'zip_not_utf8_name': archive(b'}(' + text(b'\xc0\x80') + flat('0', 4) + b'u', FOUR),
    'zip_bomb': archive(plain_dict({'a': flat('0', 1 << 20)}), {'0': bytes(4 << 20)}, method=zipfile.ZIP_DEFLATED),
    'zip_sum': broken_sum(archive(ONE, FOUR)),
    'zip_truncated': archive(ONE, FOUR)[:-30],
    'zip_self': archive(b']q\0h\0a', FOUR),
    'zip_laughs': archive(laughs(), FOUR),
    'zip_deep': archive(b'](' * 40 + flat('0', 4) + b'e' * 40, FOUR),
    'zip_persistent_number': archive(plain_dict({'a': view(number(1) + b'Q', 0, [1], [1])}), FOUR),
    'zip_not_storage': archive(plain_dict({'a': view(number(1), 0, [1], [1])}), FOUR),
    # pickles that are damaged
    'pickle_memo_huge': archive(b'Nr\xff\xff\xff\xff', FOUR),
    'pickle_memo_unknown': archive(b'h\x05', FOUR),
    'pickle_empty_stack': archive(b'', FOUR),
    'pickle_no_mark': archive(b'Nt', FOUR),
    'pickle_mark_left': archive(b'(N', FOUR),
    'pickle_odd_dict': archive(b'(Nd', FOUR),
    'pickle_below_mark': archive(b'N(\x85', FOUR),
    'pickle_append_to_dict': archive(b'}Na', FOUR),
    'pickle_reduce_number': archive(b'K\x01)R', FOUR),
    'pickle_build_number': archive(b'K\x01}b', FOUR),
    'pickle_opcode': archive(b'i', FOUR),
    'pickle_text_length': archive(b'X\xff\xff\xff\xffabc', FOUR),
    'pickle_text_length_8': archive(b'\x8d' + b'\xff' * 8 + b'abc', FOUR),
    'pickle_long_length': archive(b'\x8b\xff\xff\xff\xff', FOUR),
    'pickle_global_open': archive(b'cos', FOUR),
    'pickle_dict_of_number': archive(name('collections', 'OrderedDict') + b'](Ne\x85R', FOUR),
    # legacy
    'good_legacy': legacy(OLD, FOUR),
    'good_legacy_python2': legacy(python2(), {'1': floats(4)}),
    'good_legacy_protocol_4': legacy(
        b'\x95' + bytes(8) + b'}\x94\x8c\x01w' + flat('0', 4, more=b'N') + b's', FOUR,
        magic=b'\x80\4\x95\x0d\0\0\0\0\0\0\0' + MAGIC[2:]),
    'good_legacy_view': legacy(ordered({
        'a': flat('0', 4, more=b'N'), 'b': view(storage('0', 4, more=group(text('v'), number(1), number(2))), 1, [1], [1])}),
        FOUR),
    'legacy_view_beyond': legacy(
        ordered({'b': view(storage('0', 4, more=group(text('v'), number(3), number(2))), 0, [1], [1])}), FOUR),
    'legacy_outside_view': legacy(
        ordered({'b': view(storage('0', 4, more=group(text('v'), number(1), number(2))), 2, [1], [1])}), FOUR),
    'legacy_os_system': legacy(SYSTEM, FOUR),
    'legacy_big_endian': legacy(OLD, FOUR, little=b'\x89'),
    'legacy_version': legacy(OLD, FOUR, version=1002),
    'legacy_storage_missing': legacy(OLD, {}),
    'legacy_storage_unused': legacy(OLD, {'0': floats(4), '1': floats(1)}),
    'legacy_storage_twice': legacy(OLD, FOUR, keys=['0', '0']),
    'legacy_storage_size': legacy(OLD, FOUR, sizes={'0': 1 << 62}),
    'legacy_two_types': legacy(ordered({'a': flat('0', 4), 'b': flat('0', 4, 'IntStorage')}), FOUR),
    'legacy_truncated': legacy(OLD, FOUR)[:-5],
    'legacy_truncated_pickle': legacy(OLD, FOUR)[:200],
}


# ---- style networks: the smallest, and what is wrong with others ----

def style_layers(channels=(1, 1, 1, 1, 1), residuals=1):
    """Convolution, normalisation, channels in and out, kernel."""
    c1, c2, c3, c4, c5 = channels
    layers = [('conv1', 'in1', 3, c1, 9), ('conv2', 'in2', c1, c2, 3), ('conv3', 'in3', c2, c3, 3)]
    for i in range(1, residuals + 1):
        layers += [(f'res{i}.conv{k}', f'res{i}.in{k}', c3, c3, 3) for k in (1, 2)]
    return layers + [('deconv1', 'in4', c3, c4, 3), ('deconv2', 'in5', c4, c5, 3), ('deconv3', '', c5, 3, 9)]


def style_shapes(layers):
    shapes = {}
    for conv, norm, inside, out, kernel in layers:
        shapes |= {f'{conv}.conv2d.weight': [out, inside, kernel, kernel], f'{conv}.conv2d.bias': [out]}
        shapes |= {f'{norm}.weight': [out], f'{norm}.bias': [out]} if norm else {}
    return shapes


def style(shapes, prefix='', value=0.5, dtype='F16', metadata=None, values=None):
    size, code = {'F16': (2, 'e'), 'F32': (4, 'f'), 'F64': (8, 'd'), 'I32': (4, 'i')}[dtype]
    header, data = {'__metadata__': metadata} if metadata else {}, b''
    for key, shape in shapes.items():
        count = 1
        for n in shape:
            count *= n
        numbers = [(values or {}).get(key, value)] * count
        header[prefix + key] = tensor(dtype, shape, len(data), len(data) + size * count)
        data += struct.pack(f'<{count}{code}', *numbers)
    return safetensors(header, data)


def without(shapes, *keys):
    return {key: shape for key, shape in shapes.items() if key not in keys}


LEAST = style_shapes(style_layers())
STYLE = {
    'good_least': style(LEAST),
    'good_single': style(LEAST, dtype='F32', metadata={'architecture': 'transformer_net', 'steps': '1'}),
    'good_double': style(LEAST, dtype='F64'),
    'good_wide': style(style_shapes(style_layers((2, 3, 4, 3, 2), 3))),
    'good_uneven': style(style_shapes(style_layers((3, 1, 2, 4, 1)))),
    'good_wrapped': style(LEAST, prefix='module.model.'),
    'good_running_means': style(LEAST | {'in1.running_mean': [1], 'in1.running_var': [1],
                                         'in1.num_batches_tracked': []}),
    'good_order': style(dict(reversed(LEAST.items()))),
    'good_legacy': legacy(ordered({key: view(storage('0', 243, more=b'N'), 0, shape, [shape[1] * shape[2] * shape[3],
                                             shape[2] * shape[3], shape[3], 1][:len(shape)] if len(shape) == 4 else [1])
                                   for key, shape in LEAST.items()}), {'0': floats(243)}),
    'no_tensors': safetensors({}),
    'other_network': style({'features.0.weight': [1, 3, 3, 3]}),
    'missing_conv2': style(without(LEAST, 'conv2.conv2d.weight')),
    'missing_bias': style(without(LEAST, 'deconv2.conv2d.bias')),
    'missing_norm': style(without(LEAST, 'res1.in2.weight')),
    'missing_residual': style({key: shape for key, shape in LEAST.items() if not key.startswith('res')}),
    'gap_in_residuals': style({key.replace('res2.', 'res3.'): shape
                               for key, shape in style_shapes(style_layers(residuals=2)).items()}),
    'half_a_residual': style({key: shape for key, shape in LEAST.items() if not key.startswith('res1.conv2')}),
    'too_many_residuals': style({f'res{i}.conv1.conv2d.weight': [1, 1, 1, 1] for i in range(1, 35)} | LEAST),
    'more_tensors': style(LEAST | {'in6.weight': [1]}),
    'more_of_a_layer': style(LEAST | {'deconv3.conv2d.scale': [1]}),
    'twice': style(LEAST | {'module.conv1.conv2d.weight': [1, 3, 9, 9]}),
    'many_prefixes': style({'module.' * 30 + 'conv1.conv2d.weight': [1, 3, 9, 9]}),
    'no_channels': style(LEAST | {'conv1.conv2d.weight': [0, 3, 9, 9]}),
    'too_many_channels': style(LEAST | {'conv1.conv2d.weight': [1025, 1, 1, 1]}),
    'rank_3': style(LEAST | {'conv3.conv2d.weight': [1, 3, 3]}),
    'rank_0': style(LEAST | {'conv1.conv2d.weight': []}),
    'kernel_7': style(LEAST | {'deconv3.conv2d.weight': [3, 1, 7, 7]}),
    'four_colours': style(LEAST | {'deconv3.conv2d.weight': [4, 1, 9, 9]}),
    'channels_differ': style(LEAST | {'conv2.conv2d.weight': [2, 1, 3, 3]}),
    'norm_differs': style(LEAST | {'in5.bias': [2]}),
    'integers': style(LEAST, dtype='I32', value=1),
    'infinite': style(LEAST, values={'in3.weight': float('inf')}),
    'no_number': style(LEAST, values={'res1.conv2.conv2d.bias': float('nan')}),
    'too_large': style(LEAST, dtype='F64', values={'in2.bias': 1e300}),
    'control_in_name': style(LEAST | {'in6.\x1b[2Jweight': [1]}),
}


def write(target, files):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for key, data in files.items():
        (folder / key).write_bytes(data)
    print(f'{target}: {len(files)} files, {sum(map(len, files.values()))} bytes')


def check():
    import torch
    for key, data in TORCH.items():
        if key.startswith('good_'):
            try:
                print(key, torch.load(io.BytesIO(data), map_location='cpu'))
            except RuntimeError as error:
                print(key, 'is refused:', str(error)[:60])


if __name__ == '__main__':
    write('safetensors', SAFETENSORS)
    write('torch', TORCH)
    write('style', STYLE)
    if '--check' in sys.argv:
        check()
