/* root.c - the root key's file: 64 hex digits, one owner, nobody else. */
#include "secret/root.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES (2 * ROOT_BYTES)

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err_code owned(const char *file, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return fail(e, ERR_IO, "root key %s: %s", file, strerror(errno));
    }
    return S_ISREG(st.st_mode) && (st.st_mode & 077) == 0 && st.st_uid == geteuid()
               ? OK
               : fail_named(e, ERR_RULE, "SEC_ROOT_OPEN",
                            "root key %s: must belong to the service user and be closed to all "
                            "others (chmod 0400)",
                            file);
}

enum err_code root_read(const char *file, uint8_t root[ROOT_BYTES], bool *found, struct err *e)
{
    char text[TEXT_BYTES + 2];
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *found = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? OK : fail(e, ERR_IO, "root key %s: %s", file, strerror(errno));
    }
    enum err_code code = owned(file, fd, e);
    ssize_t n = code == OK ? read(fd, text, sizeof(text)) : 0;
    close(fd);
    bool good = n == TEXT_BYTES || (n == TEXT_BYTES + 1 && text[TEXT_BYTES] == '\n');
    for (size_t i = 0; good && i < ROOT_BYTES; i++) {
        int hi = hex_digit(text[2 * i]), lo = hex_digit(text[2 * i + 1]);
        good = hi >= 0 && lo >= 0;
        root[i] = (uint8_t)(hi * 16 + lo);
    }
    cipher_wipe(text, sizeof(text));
    if (code != OK) {
        return code;
    }
    return good ? OK
                : fail_named(e, ERR_CORRUPT, "SEC_ROOT_WRONG",
                             "root key %s: not 64 hex digits in lower case: restore the file",
                             file);
}

static enum err_code folder_sync(const char *file, struct err *e)
{
    struct arena *a = arena_new();
    const char *slash = strrchr(file, '/');
    const char *folder = slash ? arena_copy(a, file, (size_t)(slash - file) + 1) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    enum err_code code = good ? OK : fail(e, ERR_IO, "%s: %s", folder, strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    arena_free(a);
    return code;
}

enum err_code file_write_new(const char *file, unsigned int mode, struct str bytes, struct err *e)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return errno == EEXIST ? fail(e, ERR_CONFLICT, "%s: exists", file)
                               : fail(e, ERR_IO, "%s: %s", file, strerror(errno));
    }
    size_t done = 0;
    bool good = true;
    while (good && done < bytes.n) {
        ssize_t n = write(fd, bytes.at + done, bytes.n - done);
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0;
    int why = errno;
    good = close(fd) == 0 && good;
    if (!good) {
        unlink(file);
        return fail(e, why == ENOSPC ? ERR_FULL : ERR_IO, "%s: %s", file, strerror(why));
    }
    return folder_sync(file, e);
}

enum err_code root_make(const char *file, uint8_t root[ROOT_BYTES], struct err *e)
{
    static const char hex[] = "0123456789abcdef";
    char text[TEXT_BYTES + 1];
    cipher_random(root, ROOT_BYTES);
    for (size_t i = 0; i < ROOT_BYTES; i++) {
        text[2 * i] = hex[root[i] >> 4];
        text[2 * i + 1] = hex[root[i] & 15];
    }
    text[TEXT_BYTES] = '\n';
    enum err_code code = file_write_new(file, 0400, (struct str){ text, sizeof(text) }, e);
    cipher_wipe(text, sizeof(text));
    return code;
}
