/* Loaded before the C library (LD_PRELOAD): makes one call on the files of a folder fail, or ends the process at it.

   IO_FAULTS_FOLDER is the folder; IO_FAULTS_CONTROL a file that the process which chooses the fault has mapped, too. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { OFF, COUNT, FAIL_ONCE, FAIL_ON, KILL };
#define MOST_FILES 4096

struct control {
    int64_t mode, at, error, calls;
    char name[32];
};

static struct control off, *control = &off;
static char folder[PATH_MAX];
static char watched[MOST_FILES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int inside(const char *path) {
    size_t length = strlen(folder);
    return length && path && strncmp(path, folder, length) == 0;
}

static int known(int fd) { return fd >= 0 && fd < MOST_FILES && watched[fd]; }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("IO_FAULTS_CONTROL"), *where = getenv("IO_FAULTS_FOLDER");
    char link[PATH_MAX], name[] = "/proc/self/fd/0";
    if (!path || !where) return;
    int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
    void *found = fd < 0 ? MAP_FAILED : REAL(mmap)(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (found == MAP_FAILED) abort();
    REAL(close)(fd);
    strncpy(folder, where, sizeof folder - 1);
    ssize_t n = readlink(name, link, sizeof link - 1); /* a child gets its file as standard input */
    if (n > 0) {
        link[n] = 0;
        watched[0] = inside(link);
    }
    control = found;
}

/* Whether this call is to fail. */
static int fails(const char *name) {
    if (control->mode == OFF) return 0;
    int64_t now = __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
    if (control->mode == COUNT || now < control->at || (now > control->at && control->mode != FAIL_ON)) return 0;
    if (now == control->at) strncpy(control->name, name, sizeof control->name - 1);
    if (control->mode == KILL) kill(getpid(), SIGKILL);
    errno = (int)control->error;
    return 1;
}

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < MOST_FILES) watched[fd] = inside(path);
    return fd;
}

#define OPEN(name)                                          \
    int name(const char *path, int flags, ...) {            \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        mode_t mode = va_arg(rest, mode_t);                 \
        va_end(rest);                                       \
        if (inside(path) && fails("open")) return -1;       \
        return opened(REAL(name)(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                             \
    int name(int at, const char *path, int flags, ...) {         \
        va_list rest;                                            \
        va_start(rest, flags);                                   \
        mode_t mode = va_arg(rest, mode_t);                      \
        va_end(rest);                                            \
        if (inside(path) && fails("open")) return -1;            \
        return opened(REAL(name)(at, path, flags, mode), path);  \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    int failed = known(fd) && fails("close"), error = errno;
    if (fd >= 0 && fd < MOST_FILES) watched[fd] = 0;
    int done = REAL(close)(fd); /* the file is closed even where that fails */
    if (failed) errno = error;
    return failed ? -1 : done;
}

#define ON_FILE(type, name, called, parameters, arguments)    \
    type name parameters {                                    \
        if (known(fd) && fails(called)) return -1;            \
        return REAL(name) arguments;                          \
    }
ON_FILE(ssize_t, read, "read", (int fd, void *to, size_t n), (fd, to, n))
ON_FILE(ssize_t, pread, "read", (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
ON_FILE(ssize_t, pread64, "read", (int fd, void *to, size_t n, off64_t at), (fd, to, n, at))
ON_FILE(int, fsync, "fsync", (int fd), (fd))
ON_FILE(int, fdatasync, "fsync", (int fd), (fd))
ON_FILE(int, ftruncate, "truncate", (int fd, off_t n), (fd, n))
ON_FILE(int, ftruncate64, "truncate", (int fd, off64_t n), (fd, n))
ON_FILE(int, fchmod, "chmod", (int fd, mode_t mode), (fd, mode))
ON_FILE(int, flock, "flock", (int fd, int what), (fd, what))
ON_FILE(off_t, lseek, "seek", (int fd, off_t n, int from), (fd, n, from))
ON_FILE(off64_t, lseek64, "seek", (int fd, off64_t n, int from), (fd, n, from))

/* A write that fails, or at which the process ends, has written half. */
ssize_t write(int fd, const void *from, size_t n) {
    if (known(fd) && control->mode >= FAIL_ONCE && control->calls + 1 == control->at) REAL(write)(fd, from, n / 2);
    if (known(fd) && fails("write")) return -1;
    return REAL(write)(fd, from, n);
}

#define MAP(name, offset)                                                                \
    void *name(void *where, size_t n, int protection, int flags, int fd, offset at) {    \
        if (known(fd) && fails("mmap")) return MAP_FAILED;                               \
        return REAL(name)(where, n, protection, flags, fd, at);                          \
    }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

#define ON_PATH(name, called, parameters, arguments)      \
    int name parameters {                                 \
        if (inside(path) && fails(called)) return -1;     \
        return REAL(name) arguments;                      \
    }
ON_PATH(rename, "rename", (const char *path, const char *to), (path, to))
ON_PATH(renameat, "rename", (int at, const char *path, int there, const char *to), (at, path, there, to))
ON_PATH(unlink, "unlink", (const char *path), (path))
ON_PATH(unlinkat, "unlink", (int at, const char *path, int flags), (at, path, flags))
ON_PATH(mkdir, "mkdir", (const char *path, mode_t mode), (path, mode))
ON_PATH(mkdirat, "mkdir", (int at, const char *path, mode_t mode), (at, path, mode))
ON_PATH(rmdir, "rmdir", (const char *path), (path))
ON_PATH(chmod, "chmod", (const char *path, mode_t mode), (path, mode))
ON_PATH(fchmodat, "chmod", (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags))
ON_PATH(link, "link", (const char *path, const char *to), (path, to))
