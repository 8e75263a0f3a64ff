import CSystem

/// The random numbers that the kernel gives to every program.
public enum KernelRandomness {
    /// Most bytes that one call takes or gives.
    public static let byteLimit = 256

    /// So many bytes, or fewer when the system gives fewer at once.
    public static func bytes(_ count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, byteLimit))
        let given = try check("getrandom") { csystem_random(&bytes, bytes.count) }
        return Array(bytes.prefix(given))
    }

    /// Lets the kernel's state depend on `seed` from now on. Needs the privilege (CAP_SYS_ADMIN).
    public static func reseed(_ seed: [UInt8]) throws(SystemError) {
        try check("RNDADDENTROPY", "/dev/urandom") { csystem_add_randomness(seed, seed.count) }
    }
}
