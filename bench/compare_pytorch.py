#!/usr/bin/env python3
"""Whole evaluations of `impasto stylize` beside the same method in PyTorch, on this machine.

    compare_pytorch.py BUILD SOURCE [--size 512] [--threads 2] [--evaluations 20] [--rounds 2]

The two programs run in turn, so that what else the machine does falls on both. One evaluation is everything between two
readings of the loss: forward, losses, backward, the optimiser. Seconds are medians over all evaluations after the
first, memory is the largest resident set of the whole process as the system counts it. Without the PyTorch program
(shared/peer beside the checkout), torch or Pillow there is nothing to compare: a message and exit code 77.
"""
import argparse
import csv
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile

PRESETS = ['example', 'gatys']
SKIP = 77
PYTHON = '/usr/bin/python3'  # Debian's python3-torch is installed for this one


def skip(reason):
    print('skipped: ' + reason)
    sys.exit(SKIP)


def run(command, threads):
    """Standard output and the peak memory in MiB of a command."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit('failed: ' + ' '.join(command))
    return output, usage.ru_maxrss / 1024


def gaps(seconds):
    return [b - a for a, b in zip(seconds[1:], seconds[2:])]


def run_ours(options, preset, folder):
    log = os.path.join(folder, 'log.csv')
    _, memory = run([os.path.join(options.build, 'impasto'), 'stylize', '--preset', preset, '--model', options.weights,
                     '--evaluations', str(options.evaluations), '--threads', str(options.threads), '--log', log, '-q',
                     os.path.join(folder, 'content.png'), os.path.join(folder, 'style.png'),
                     '-o', os.path.join(folder, 'out.png')], options.threads)
    with open(log, newline='') as file:
        rows = list(csv.DictReader(file))
    return gaps([float(row['seconds']) for row in rows]), memory, float(rows[-1]['total'])


def run_pytorch(options, preset, folder):
    path = os.path.join(folder, 'pytorch.json')
    _, memory = run([PYTHON, options.peer, '--weights', options.weights, '--content',
                     os.path.join(folder, 'content.png'), '--style', os.path.join(folder, 'style.png'), '--preset',
                     preset, '--evals', str(options.evaluations), '--threads', str(options.threads), '--json', path],
                    options.threads)
    with open(path) as file:
        result = json.load(file)
    rows = result['rows'][:options.evaluations]
    return gaps([row['seconds'] for row in rows]), memory, rows[-1]['style'] + rows[-1]['content'], result['summary']


def resize(options, folder):
    from PIL import Image
    for name in ['content', 'style']:
        picture = Image.open(os.path.join(options.shared, 'golden', name + '_256.png')).convert('RGB')
        picture.resize((options.size, options.size), Image.LANCZOS).save(os.path.join(folder, name + '.png'))


def compare(options, preset, folder):
    seconds, memory, losses = {'ours': [], 'pytorch': []}, {'ours': 0, 'pytorch': 0}, {}
    for _ in range(options.rounds):
        gap, peak, losses['ours'] = run_ours(options, preset, folder)
        seconds['ours'] += gap
        memory['ours'] = max(memory['ours'], peak)
        gap, peak, losses['pytorch'], summary = run_pytorch(options, preset, folder)
        seconds['pytorch'] += gap
        memory['pytorch'] = max(memory['pytorch'], peak)
    median = {who: statistics.median(values) for who, values in seconds.items()}
    for who in ['pytorch', 'ours']:
        ratio = 'x %.2f faster, %.2f of the memory' % (median['pytorch'] / median['ours'],
                                                      memory['ours'] / memory['pytorch']) if who == 'ours' else ''
        name = 'impasto' if who == 'ours' else 'torch ' + summary['torch']
        print('%-8s %-16s %8.3f s %8.0f MiB   loss %12.6g  %s' % (preset, name, median[who], memory[who], losses[who],
                                                                 ratio), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('source')
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--evaluations', type=int, default=20)
    parser.add_argument('--rounds', type=int, default=2)
    options = parser.parse_args()
    options.shared = os.path.join(options.source, '..', 'shared')
    options.peer = os.path.join(options.shared, 'peer', 'gatys_pytorch.py')
    options.weights = os.path.join(options.shared, 'models', 'vgg19-torch-convention.pth')
    for path in [options.peer, options.weights, PYTHON]:
        if not os.path.exists(path):
            skip(path + ' is not there')
    if importlib.util.find_spec('PIL') is None:
        skip('Pillow (python3-pil) is not installed')
    if subprocess.run([PYTHON, '-c', 'import torch'], stderr=subprocess.DEVNULL).returncode != 0:
        skip('PyTorch (python3-torch) is not installed')
    print('%d x %d, %d threads, %d evaluations, median seconds an evaluation, peak memory' %
          (options.size, options.size, options.threads, options.evaluations))
    with tempfile.TemporaryDirectory() as folder:
        resize(options, folder)
        for preset in PRESETS:
            compare(options, preset, folder)


main()
