#!/usr/bin/env python3
"""Turns the OpenAPI contract from YAML into the JSON form that trithuc-national loads.

usage: contract.py IN.yaml OUT.json
"""
import json
import sys

import yaml


def main():
    source, target = sys.argv[1:]
    with open(source, encoding='utf-8') as stream:
        contract = yaml.safe_load(stream)
    with open(target, 'w', encoding='utf-8') as stream:
        json.dump(contract, stream, ensure_ascii=False, indent=1)
        stream.write('\n')


if __name__ == '__main__':
    main()
