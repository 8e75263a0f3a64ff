import History

/// The value of an invocation's map, there and back.
enum OperationFields {
    static func value(_ operation: Operation) -> Field {
        switch operation {
        case .createResource(let resource):
            return .object(["resource": .identifier(resource.rawValue)])
        case .reserve(let resource, let holder, let ttl):
            return .object([
                "resource": .identifier(resource.rawValue),
                "holder": .identifier(holder.rawValue), "ttl": .number(ttl.rawValue),
            ])
        case .reserveBundle(let resources, let holder, let ttl):
            return .object([
                "resources": .list(resources.map { .identifier($0.rawValue) }),
                "holder": .identifier(holder.rawValue), "ttl": .number(ttl.rawValue),
            ])
        case .confirm(let reservation, let holder, let epoch),
            .release(let reservation, let holder, let epoch):
            return .object([
                "reservation": .identifier(reservation.rawValue),
                "holder": .identifier(holder.rawValue), "epoch": .number(epoch.rawValue),
            ])
        case .revoke(let reservation), .reclaim(let reservation):
            return .object(["reservation": .identifier(reservation.rawValue)])
        case .tickExpirations: return .nothing
        case .getResource(let resource, let required):
            return read("resource", resource.rawValue, required)
        case .getReservation(let reservation, let required):
            return read("reservation", reservation.rawValue, required)
        }
    }

    private static func read(_ name: String, _ id: UInt128, _ required: LSN?) -> Field {
        var members = [Field.Member(name, .identifier(id))]
        if let required { members.append(.init("required_lsn", .number(required.rawValue))) }
        return .map(members)
    }

    static func operation(
        _ kind: Operation.Kind, _ value: FieldReader
    ) throws(FieldReader.Problem) -> Operation {
        switch kind {
        case .createResource: return .createResource(try value.id("resource"))
        case .reserve:
            return .reserve(
                try value.id("resource"), try value.id("holder"), ttl: try value.id("ttl"))
        case .reserveBundle:
            return .reserveBundle(
                try value.ids("resources"), try value.id("holder"), ttl: try value.id("ttl"))
        case .confirm:
            return .confirm(
                try value.id("reservation"), try value.id("holder"), try value.id("epoch"))
        case .release:
            return .release(
                try value.id("reservation"), try value.id("holder"), try value.id("epoch"))
        case .revoke: return .revoke(try value.id("reservation"))
        case .reclaim: return .reclaim(try value.id("reservation"))
        case .tickExpirations: return .tickExpirations
        case .getResource:
            return .getResource(
                try value.id("resource"), requiredLSN: try value.optionalID("required_lsn"))
        case .getReservation:
            return .getReservation(
                try value.id("reservation"), requiredLSN: try value.optionalID("required_lsn"))
        }
    }
}
