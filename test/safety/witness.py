"""Prints what arrives at an interface: each packet of UDP, each beginning of a TCP connection, and whatever is neither
and not the kernel's own, as `protocol source port destination port`."""
import socket
import struct
import sys

TCP, UDP = 6, 17
# Neighbours and groups of IPv6, which the kernel looks for by itself.
KERNELS = {0, 58}
OUTGOING = 4

capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
capture.bind((sys.argv[1], 0))
print("watching", flush=True)
while True:
    data, (_, ethertype, kind, *_) = capture.recvfrom(65535)
    if kind == OUTGOING:
        continue
    if ethertype == 0x0800:
        family, protocol, start = socket.AF_INET, data[9], 4 * (data[0] & 15)
        ends = data[12:16], data[16:20]
    elif ethertype == 0x86DD:
        family, protocol, start = socket.AF_INET6, data[6], 40
        ends = data[8:24], data[24:40]
    else:
        continue
    if protocol in KERNELS and family == socket.AF_INET6:
        continue
    ports = struct.unpack("!HH", data[start : start + 4]) if protocol in (TCP, UDP) else (0, 0)
    # Of those that are connected already, and of answers to ours, nothing is new.
    if protocol == TCP and data[start + 13] & 0x12 != 0x02:
        continue
    name = {TCP: "tcp", UDP: "udp"}.get(protocol, f"protocol-{protocol}")
    source, destination = (socket.inet_ntop(family, end) for end in ends)
    print(name, source, ports[0], destination, ports[1], flush=True)
