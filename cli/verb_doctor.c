/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn doctor: what this machine lacks, and the command that mends it. */
#include "cli/cli.h"

#include "reader/reader.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct finding {
    const char *name;
    const char *purpose;
    const char *mend; /* the command; NULL when nothing is to be mended */
    bool is_needed;
    bool is_there;
    char detail[512];
};

/* Programs, with the Debian package that has them. */
static const struct {
    const char *program;
    const char *purpose;
    const char *mend;
    bool is_needed;
} programs[] = {
    {"pcscd", "the PC/SC service, for cards in readers", "sudo apt-get install pcscd", true},
    {"unshare", "a private PC/SC service for the demo", "sudo apt-get install util-linux", true},
    {"ip", "the network of the private PC/SC service", "sudo apt-get install iproute2", true},
    {"opensc-tool", "an outside client, in tests", "sudo apt-get install opensc", false},
    {"scriptor", "an outside client, in tests", "sudo apt-get install pcsc-tools", false},
    {"osmo-auc-gen", "a second opinion on authentication, in tests",
     "sudo apt-get install libosmocore-utils", false},
};

static const char *const vpcd_drivers[] = {
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
};

/* Looks where a shell of root would, too: pcscd is no program for users. */
static bool find_program(const char *name, char found[512])
{
    char places[4096];
    char *rest = places;
    const char *path = getenv("PATH");

    snprintf(places, sizeof(places), "%s:/usr/sbin:/sbin:/usr/local/sbin", path ? path : "");
    for (char *place; (place = strsep(&rest, ":"));) {
        snprintf(found, 512, "%s/%s", place, name);
        if (*place && access(found, X_OK) == 0)
            return true;
    }
    *found = '\0';
    return false;
}

static struct finding look_for_program(size_t n)
{
    struct finding finding = {.name = programs[n].program,
                              .purpose = programs[n].purpose,
                              .mend = programs[n].mend,
                              .is_needed = programs[n].is_needed};

    finding.is_there = find_program(programs[n].program, finding.detail);
    return finding;
}

static struct finding look_for_vpcd(void)
{
    struct finding finding = {.name = "vpcd",
                              .purpose = "the virtual reader of demo and tests",
                              .mend = "sudo apt-get install vsmartcard-vpcd",
                              .is_needed = true};

    for (size_t i = 0; i < sizeof(vpcd_drivers) / sizeof(vpcd_drivers[0]); i++)
        if (access(vpcd_drivers[i], R_OK) == 0) {
            finding.is_there = true;
            snprintf(finding.detail, sizeof(finding.detail), "%s", vpcd_drivers[i]);
        }
    return finding;
}

static bool can_unshare(int flags)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(flags) == 0 ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* The demo's PC/SC service gets mounts and a network of its own. */
static struct finding look_for_namespaces(void)
{
    struct finding finding = {.name = "namespaces",
                              .purpose = "a private PC/SC service for demo and tests",
                              .is_needed = true};
    int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID;
    char sudo[512];

    finding.mend = access("/proc/sys/kernel/unprivileged_userns_clone", F_OK) == 0
                       ? "sudo sysctl -w kernel.unprivileged_userns_clone=1"
                       : "sudo sysctl -w user.max_user_namespaces=10000";
    if (geteuid() == 0)
        finding.mend = "start this container with --privileged or --cap-add SYS_ADMIN";
    finding.is_there = can_unshare(geteuid() == 0 ? flags : flags | CLONE_NEWUSER);
    if (!finding.is_there && geteuid() != 0 && find_program("sudo", sudo)) {
        finding.is_there = true;
        snprintf(finding.detail, sizeof(finding.detail), "by %.500s", sudo);
    }
    return finding;
}

struct readers {
    json_t *names;
};

static void add_reader(void *ctx, const char *name)
{
    struct readers *readers = ctx;

    json_array_append_new(readers->names, json_string(name));
}

static struct finding look_for_service(struct readers *readers)
{
    struct finding finding = {.name = "PC/SC service",
                              .purpose = "running, and open to this user, for cards in readers",
                              .mend = "sudo systemctl enable --now pcscd.socket"};
    struct kb_report why;

    finding.is_there = kb_reader_list_pcsc(add_reader, readers, &why) == KB_OK;
    if (!finding.is_there)
        snprintf(finding.detail, sizeof(finding.detail), "%s", why.text);
    else
        snprintf(finding.detail, sizeof(finding.detail), "%zu readers",
                 json_array_size(readers->names));
    return finding;
}

struct diagnosis {
    const struct kb_cli *cli;
    json_t *findings;
    bool is_well;
};

static void take_down(struct diagnosis *diagnosis, const struct finding *finding)
{
    const char *mark = finding->is_there ? "ok" : finding->is_needed ? "MISSING" : "absent";

    kb_cli_say(diagnosis->cli, "%-8s %-14s %s%s%s%s", mark, finding->name, finding->purpose,
               *finding->detail ? " (" : "", finding->detail, *finding->detail ? ")" : "");
    if (!finding->is_there && finding->mend)
        kb_cli_say(diagnosis->cli, "%23s mend: %s", "", finding->mend);
    if (!finding->is_there && finding->is_needed)
        diagnosis->is_well = false;
    json_array_append_new(diagnosis->findings,
                          json_pack("{s:s, s:s, s:b, s:b, s:s, s:s?}", "name", finding->name,
                                    "purpose", finding->purpose, "needed", finding->is_needed, "ok",
                                    finding->is_there, "detail", finding->detail, "mend",
                                    finding->is_there ? NULL : finding->mend));
}

static void say_readers(const struct kb_cli *cli, const json_t *names)
{
    size_t i;
    json_t *name;

    json_array_foreach(names, i, name)
        kb_cli_say(cli, "%-8s %-14s %s", "", "reader", json_string_value(name));
}

static enum kb_exit run_doctor(struct kb_cli *cli)
{
    struct diagnosis diagnosis = {.cli = cli, .findings = json_array(), .is_well = true};
    struct readers readers = {json_array()};
    struct finding finding;

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        finding = look_for_program(i);
        take_down(&diagnosis, &finding);
    }
    finding = look_for_vpcd();
    take_down(&diagnosis, &finding);
    finding = look_for_namespaces();
    take_down(&diagnosis, &finding);
    finding = look_for_service(&readers);
    take_down(&diagnosis, &finding);
    say_readers(cli, readers.names);
    kb_cli_say(cli, diagnosis.is_well ? "Nothing that is needed is missing."
                                      : "Something that is needed is missing.");
    kb_cli_result(cli, json_pack("{s:b, s:o, s:o}", "ok", diagnosis.is_well, "findings",
                                 diagnosis.findings, "readers", readers.names));
    return diagnosis.is_well ? KB_EXIT_OK : KB_EXIT_FAILED;
}

const struct kb_cli_verb kb_cli_doctor_verbs[] = {
    {"", "doctor", "", 0, 0, "Tell what is missing on this machine",
     "Looks for what readers, demo and tests need, and for each thing that is missing names the "
     "command that mends it. Changes nothing. The exit code is 1 when something needed is "
     "missing; what is only absent is of use to the tests or to those who have readers.",
     NULL, run_doctor},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
