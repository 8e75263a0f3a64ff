/// What carries out a guest's instructions.
public enum Accelerator: String, Hashable, Sendable, CaseIterable {
    /// The processor itself, by the host's kernel.
    case kvm
    /// QEMU, by translating them; works everywhere, and is some ten times slower.
    case tcg

    /// The program that machines run in.
    public static let program = "qemu-system-x86_64"

    var arguments: [String] {
        switch self {
        case .kvm: ["-M", "pc,accel=kvm", "-cpu", "host"]
        case .tcg: ["-M", "pc,accel=tcg", "-cpu", "max"]
        }
    }
}
