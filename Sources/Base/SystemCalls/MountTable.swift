import Glibc

/// What is mounted where in this process's view.
public enum MountTable {
    /// Folders at which something of this type is mounted, the newest last.
    public static func folders(ofType type: String) -> [String] {
        guard let bytes = try? FileSystem.read("/proc/self/mountinfo", limit: 16 << 20) else {
            return []
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            // Fields before " - " are ours, the type follows it (proc(5)).
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count,
                fields[dash + 1] == type, fields.count > 4
            else { return nil }
            return unescaped(fields[4])
        }
    }

    /// Takes away the mounts of this type at `folder`, also while files on them are open; other
    /// mounts are left alone. Returns whether none is left.
    @discardableResult
    public static func detach(_ folder: String, type: String) -> Bool {
        // One turn for each mount on top of another; a mount that stays ends it.
        for _ in 0..<8 where folders(ofType: type).contains(folder) {
            if umount2(folder, Int32(MNT_DETACH)) != 0 {
                _ = try? CapturedRun(
                    "fusermount3", ["-u", "-z", folder], until: .after(.seconds(10)))
            }
        }
        return !folders(ofType: type).contains(folder)
    }

    /// Blanks, tabs, line ends and backslashes stand as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
