import CGuestAssets

/// A file of the folder `qemu`, compiled into the program, so that an installed one finds it.
public enum GuestAsset: Sendable, CaseIterable {
    /// The first program of every guest.
    case initProgram
    /// The only program of the guest that proves an accelerator.
    case probeProgram
    /// The Debian packages that a guest is made of.
    case packages

    public var bytes: [UInt8] {
        let asset =
            switch self {
            case .initProgram: guest_asset_init()
            case .probeProgram: guest_asset_probe_init()
            case .packages: guest_asset_packages()
            }
        // A constant of the program that holds so many bytes.
        return Array(UnsafeRawBufferPointer(start: asset.bytes, count: Int(asset.count)))
    }

    /// Its lines, without comments and empty ones.
    public var entries: [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }
}
