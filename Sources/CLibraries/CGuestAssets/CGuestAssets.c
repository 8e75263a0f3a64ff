#include "CGuestAssets.h"

/// The files are compiled in, so that an installed program needs none of them.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char init[] = {
#embed "../../../qemu/init"
};

static const char probe_init[] = {
#embed "../../../qemu/probe-init"
};

static const char packages[] = {
#embed "../../../qemu/packages.txt"
};

#define ASSET(name) \
    struct guest_asset guest_asset_##name(void) { \
        return (struct guest_asset){name, sizeof name}; \
    }

ASSET(init)
ASSET(probe_init)
ASSET(packages)
