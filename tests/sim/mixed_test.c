/* mixed_test.c - the month of the mixed fleet, on both engines: starts a PostgreSQL and lets
 * mixed.bash use the program as an operator would. The script prints the TAP lines.
 */
#include "support/pg.h"
#include <stdlib.h>
#include <sys/wait.h>

int main(void)
{
    char url[600];
    if (pg_installed()) {
        pg_new_url(url, sizeof(url));
        setenv("SK_MIXED_POSTGRES", url, 1);
    }
    int status = system("bash tests/sim/mixed.bash");
    pg_stop();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
