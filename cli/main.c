/* SPDX-License-Identifier: Apache-2.0 */
/* The `keyborn` command: the table of everything it can do, and a process that keeps secrets in. */
#include "cli/frame.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct kb_cli_group groups[] = {
    {"plan", "Check a maker's plan and compile it"},
    {"factory", "Make semi-finished cards (the maker)"},
    {"bureau", "Personalize, verify and export a batch of cards (the entity)"},
    {"card", "Use one card kept in a file"},
    {"ota", "Manage the files of cards by secured packets"},
    {"eap", "Let cards log in to Wi-Fi by EAP-SIM and EAP-AKA"},
    {"ca", "Sign and revoke credentials (a maker's root, the operators' root)"},
    {NULL, NULL},
};

static const struct kb_cli_verb *const verbs[] = {
    kb_cli_plan_verbs,
    kb_cli_factory_verbs,
    kb_cli_bureau_verbs,
    kb_cli_card_verbs,
    kb_cli_ota_verbs,
    kb_cli_ca_verbs,
    kb_cli_eap_verbs,
    kb_cli_sim_verbs,
    kb_cli_demo_verbs,
    kb_cli_device_verbs,
    kb_cli_doctor_verbs,
    kb_cli_frame_verbs,
    NULL,
};

static const struct kb_cli_table table = {groups, verbs};

/* Keys pass through this process: no core dump and no debugger of the same user may hold one, and
 * no file it writes is open to others. A reader or pipe that closes early is an error to report,
 * not a reason to die. */
static void harden(void)
{
    const struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    harden();
    return kb_cli_run(&table, argc, argv);
}
