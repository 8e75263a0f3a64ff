/// What makes a guest the one it is.
public struct GuestSettings: Hashable, Sendable {
    /// A connection to this machine's loopback at `hostPort` reaches the guest's `guestPort`, past
    /// the network that faults are injected into.
    public struct Forward: Hashable, Sendable {
        public var hostPort: UInt16
        public var guestPort: UInt16

        public init(hostPort: UInt16, guestPort: UInt16) {
            self.hostPort = hostPort
            self.guestPort = guestPort
        }
    }

    /// A neighbour that is known without asking.
    public struct Peer: Hashable, Sendable {
        public var address: String
        public var hardwareAddress: String

        public init(address: String, hardwareAddress: String) {
            self.address = address
            self.hardwareAddress = hardwareAddress
        }
    }

    public var name: String
    /// Of its sockets. Names of sockets are short: 107 bytes with the folder.
    public var socketFolder: String
    /// Its disk, in the form qcow2.
    public var diskPath: String
    /// Of its console's text and of what QEMU itself complains about.
    public var logFolder: String
    /// On the network between the machines, with the length of the prefix.
    public var address: String
    public var hardwareAddress: String
    public var peers: [Peer]
    public var forwards: [Forward]
    public var memoryMebibytes: Int

    /// Enough to boot and run a daemon; below 112 the kernel cannot unpack its root file system.
    public static let defaultMemory = 160

    public init(
        name: String, socketFolder: String, diskPath: String, logFolder: String,
        address: String, hardwareAddress: String,
        peers: [Peer] = [], forwards: [Forward] = [], memoryMebibytes: Int = defaultMemory
    ) {
        self.name = name
        self.socketFolder = socketFolder
        self.diskPath = diskPath
        self.logFolder = logFolder
        self.address = address
        self.hardwareAddress = hardwareAddress
        self.peers = peers
        self.forwards = forwards
        self.memoryMebibytes = memoryMebibytes
    }

    var monitorPath: String { "\(socketFolder)/\(name).qmp" }
    var agentPath: String { "\(socketFolder)/\(name).agent" }
    /// Where the cable of its network card is plugged in.
    public var networkPath: String { "\(socketFolder)/\(name).net" }
    /// Everything the guest wrote to its console, of all boots.
    public var consolePath: String { "\(logFolder)/\(name).console" }
    /// What QEMU itself complained about.
    public var logPath: String { "\(logFolder)/\(name).qemu" }

    /// How its drive is called towards QEMU.
    static let drive = "disk"

    /// What QEMU is started with. `state` is a snapshot to begin with instead of a boot.
    func arguments(
        _ image: GuestImage, _ accelerator: Accelerator, nonce: String, state: String?
    ) -> [String] {
        let forwarding = forwards.map {
            ",hostfwd=tcp:127.0.0.1:\($0.hostPort)-:\($0.guestPort)"
        }.joined()
        var words = accelerator.arguments
        words += [
            "-name", name, "-smp", "1", "-m", "\(memoryMebibytes)", "-nodefaults",
            "-no-user-config", "-display", "none",
            "-kernel", image.kernel, "-initrd", image.archive, "-append", commandLine(nonce),
            "-chardev", "file,id=console,path=\(consolePath),append=on",
            "-serial", "chardev:console",
            "-qmp", "unix:\(monitorPath),server=on,wait=off",
            "-rtc", "base=utc,clock=host",
            "-netdev", "stream,id=n0,server=on,addr.type=unix,addr.path=\(networkPath)",
            "-device", "virtio-net-pci,netdev=n0,romfile=,mac=\(hardwareAddress)",
            "-netdev", "user,id=n1,restrict=on\(forwarding)",
            "-device", "virtio-net-pci,netdev=n1,romfile=",
            "-device", "virtio-rng-pci", "-device", "virtio-balloon-pci",
            "-chardev", "socket,id=agent,path=\(agentPath),server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent",
            "-drive",
            "file=\(diskPath),format=qcow2,if=none,id=\(Self.drive),cache=writeback,"
                + "werror=report,rerror=report",
            "-device", "virtio-blk-pci,drive=\(Self.drive)",
        ]
        if let state { words += ["-loadvm", state] }
        return words
    }

    /// A timer that does not work and a processor clock that was measured wrongly are what a
    /// starved machine shows a kernel: it is told to believe neither.
    private static let kernelWords =
        "console=ttyS0 quiet panic=-1 no_timer_check clocksource=hpet unknown_nmi_panic "
        + "ipv6.disable=1"

    private func commandLine(_ nonce: String) -> String {
        let neighbours = peers.map { "\($0.address)/\($0.hardwareAddress)" }
        return Self.kernelWords + " guest.name=\(name) guest.nonce=\(nonce)"
            + " guest.address=eth0:\(address),eth1:10.0.2.15/24"
            + " guest.peers=\(neighbours.joined(separator: ",")) guest.disk=/dev/vda"
    }
}
