import SecureShell
import SystemCalls

extension RemoteError.Cause {
    /// What was expected and seen.
    var reason: String {
        switch self {
        case .unreachable(let error):
            error.isRefused
                ? "the connection was refused: nothing listens on that port"
                : error.isTimeout
                    ? "no connection came about in time" : "no connection came about: \(error)"
        case .notSSH(let seen):
            seen.isEmpty
                ? "the connection ended before any SSH greeting"
                : "expected an SSH greeting, and it began with `\(seen)`"
        case .noCommonAlgorithm(let kind, let ours, let theirs):
            "no \(kind) in common: this side knows \(Self.list(ours)), the server offers "
                + Self.list(theirs)
        case .hostKeyChanged(let pinned, let seen):
            "the host key is not the pinned one: pinned \(pinned.kind) \(pinned.fingerprint), "
                + "seen \(seen.kind) \(seen.fingerprint)"
        case .identity(let path, let problem): "private key \(path): \(problem.reason)"
        case .agent(let text): "the SSH agent: \(text)"
        case .notAuthenticated(let user, let tried, let accepted):
            "the server does not take \(Self.list(tried)) for user \(user); it accepts "
                + (accepted.isEmpty ? "nothing" : accepted)
        case .noShell(let seen):
            "there is no usable shell: a test command was answered with `\(seen)`"
        case .channelRefused(let text): "the server refused: \(text)"
        case .deadline(let awaited): "the deadline passed while waiting for \(awaited)"
        case .lost(let text): "the connection was lost: \(text)"
        case .transfer(let path, let text): "\(path): \(text)"
        case .tooMuchOutput(let limit): "it wrote more than \(limit) bytes"
        case .system(let error): "\(error)"
        case .library(let call, let code, let text): "\(call) failed with \(code): \(text)"
        case .closed: "the connection was closed on this side"
        }
    }

    /// What a person can do about it; empty where nothing is known.
    var advice: String {
        switch self {
        case .unreachable(let error):
            if error.isRefused { return "start the SSH server there or name its port" }
            if error.isTimeout {
                return "see whether the machine is up and no firewall drops the connection"
            }
            return "see whether the machine can be reached from here"
        case .notSSH: return "name the port of the SSH server"
        case .noCommonAlgorithm(_, _, let theirs):
            if !theirs.isEmpty, theirs.allSatisfy({ $0.contains("rsa") || $0.contains("dss") }) {
                return "RSA host keys cannot be used: add an Ed25519 one with `ssh-keygen -t "
                    + "ed25519 -f /etc/ssh/ssh_host_ed25519_key`, or for dropbear with "
                    + "`dropbearkey -t ed25519`"
            }
            return "let the server offer one of ours"
        case .hostKeyChanged:
            return "if the machine was made anew on purpose, prepare it again to pin its new key; "
                + "if not, somebody else answers at its address"
        case .identity(_, let problem): return problem.advice
        case .agent:
            return "start one, set SSH_AUTH_SOCK, and add an Ed25519 or ECDSA key with "
                + "`ssh-add`"
        case .notAuthenticated(let user, _, _):
            return "add the public key to that account's authorized_keys, which only \(user) may "
                + "be able to write, and see the server's log for its reason"
        case .noShell: return "give the user a POSIX shell, and let its profile write nothing"
        case .channelRefused:
            return "see MaxSessions and AllowTcpForwarding of the server, and whether the target "
                + "listens"
        case .deadline, .lost, .transfer, .system, .library, .closed: return ""
        case .tooMuchOutput: return "write it to a file there and download that"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }
}

extension RemoteError.IdentityProblem {
    fileprivate var reason: String {
        switch self {
        case .unreadable(let error): "\(error)"
        case .rsa: "it is an RSA key, which cannot be used"
        case .otherKind(let kind): "it is a key of kind \(kind), which cannot be used"
        case .notAKey: "it holds no private key in a form that is known here"
        case .encrypted: "it is encrypted, and no passphrase was given"
        case .wrongPassphrase: "the passphrase does not open it"
        }
    }

    fileprivate var advice: String {
        switch self {
        case .unreadable: "name the private key, not the public one, and see its permissions"
        case .rsa, .otherKind, .notAKey:
            "make an Ed25519 key with `ssh-keygen -t ed25519` and let the server accept it"
        case .encrypted: "give the passphrase, or add the key to an SSH agent"
        case .wrongPassphrase: "give the right passphrase"
        }
    }
}
