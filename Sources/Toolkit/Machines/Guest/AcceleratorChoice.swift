import ByteCoding
import DurableFiles
public import SystemCalls

/// Which accelerator guests get, and why: one line for people.
///
/// KVM is taken only when it is proven. A device file says nothing: there are kernels whose KVM
/// opens, starts, and then aborts or hangs as soon as a kernel boots, so a kernel is booted. The
/// answer holds until the machine boots anew, or QEMU or the guest's kernel change.
public struct AcceleratorChoice: Hashable, Sendable {
    public let accelerator: Accelerator
    public let reason: String

    /// How long a probe may take. With hardware it takes one second.
    public static let probeLimit = Duration.seconds(20)

    public init(accelerator: Accelerator, reason: String) {
        self.accelerator = accelerator
        self.reason = reason
    }

    /// Looks the answer up, or finds it out. `QEMU_ACCEL` in the environment names one outright.
    public static func make(
        for image: GuestImage, in store: GuestImageStore
    ) throws(GuestError) -> AcceleratorChoice {
        let named = Environment["QEMU_ACCEL"]?.filter { !$0.isWhitespace }
        if let named, !named.isEmpty {
            guard let accelerator = Accelerator(rawValue: named) else {
                throw .refused(
                    guest: "QEMU", request: "QEMU_ACCEL=\(named)",
                    reason: "there are kvm and tcg")
            }
            return .init(accelerator: accelerator, reason: "named by QEMU_ACCEL")
        }
        do throws(SystemError) {
            let circumstances = try circumstances(image)
            let path = Path.join(store.folder, "accelerator")
            if let kept = try kept(at: path, circumstances) { return kept }
            let found = try findOut(image)
            let lines = [circumstances, found.accelerator.rawValue, found.reason]
            try DurableFiles.replace(path, with: Array((lines.joined(separator: "\n") + "\n").utf8))
            return found
        } catch {
            throw .system(guest: "QEMU", during: "choosing an accelerator", error)
        }
    }

    /// What the answer depends on, on one line.
    private static func circumstances(_ image: GuestImage) throws(SystemError) -> String {
        let boot = try FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 100)
        let version = try CapturedRun(
            Accelerator.program, ["--version"], until: .after(.seconds(60)))
        let texts = [
            String(decoding: boot, as: UTF8.self),
            String(version.outputText.prefix { !$0.isNewline }), image.identity,
        ]
        return texts.joined(separator: " ").filter { !$0.isNewline }
    }

    private static func kept(
        at path: String, _ circumstances: String
    ) throws(SystemError) -> AcceleratorChoice? {
        guard let bytes = try DurableFiles.readIfPresent(path, limit: 4096) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == circumstances,
            let accelerator = Accelerator(rawValue: String(lines[1]))
        else { return nil }
        return .init(accelerator: accelerator, reason: String(lines[2]))
    }

    private static func findOut(_ image: GuestImage) throws(SystemError) -> AcceleratorChoice {
        do throws(SystemError) {
            _ = try FileSystem.open("/dev/kvm", .update)
        } catch {
            return .init(accelerator: .tcg, reason: "there is no KVM for this user: \(error)")
        }
        guard try processorHasVirtualization() else {
            return .init(
                accelerator: .tcg,
                reason: "KVM is here, but the processor shows neither vmx nor svm, and without "
                    + "them no guest boots")
        }
        switch try prove(.kvm, image) {
        case .boots: return .init(accelerator: .kvm, reason: "a guest booted with it")
        case .fails(let reason):
            return .init(
                accelerator: .tcg, reason: "KVM is here, but a guest does not boot: \(reason)")
        }
    }

    private static func processorHasVirtualization() throws(SystemError) -> Bool {
        let text = String(
            decoding: try FileSystem.read("/proc/cpuinfo", limit: 16 << 20), as: UTF8.self)
        guard let flags = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
        else { return false }
        return flags.split(separator: " ").contains { $0 == "vmx" || $0 == "svm" }
    }

    // MARK: - The proof

    public enum Proof: Hashable, Sendable {
        case boots
        case fails(String)
    }

    /// Boots the kernel of an image with nothing but a program that says a word nobody else knows.
    public static func prove(
        _ accelerator: Accelerator, _ image: GuestImage, limit: Duration = probeLimit
    ) throws(SystemError) -> Proof {
        let nonce = Hexadecimal.encode(try KernelRandomness.bytes(8))
        let run = try CapturedRun(
            Accelerator.program,
            accelerator.arguments + [
                "-smp", "1", "-m", "128", "-nodefaults", "-no-user-config", "-display", "none",
                "-no-reboot", "-serial", "stdio", "-kernel", image.kernel,
                "-initrd", image.probeArchive, "-append",
                "console=ttyS0 quiet panic=-1 no_timer_check clocksource=hpet guest.nonce=\(nonce)",
            ], until: .after(limit), byteLimit: 1 << 20)
        if run.outputText.contains("ALLOCDB-PROBE-ALIVE \(nonce)") { return .boots }
        let said = run.errorText.split(separator: "\n").first.map { ": \($0)" } ?? ""
        return .fails(
            run.status == .signaled(number: Signals.kill)
                ? "nothing was heard of it for \(limit)" : "QEMU ended with \(run.status)\(said)")
    }
}
