/* The heat equation on a square plate, by Jacobi's method: each rank has some rows, and gives its edges to its
   neighbours in each step. Rank 0 prints how many there are, and the temperatures, row by row. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 240, STEPS = 1000 };
static double now[SIZE + 2][SIZE], next[SIZE + 2][SIZE], whole[SIZE][SIZE];

int main(int argc, char **argv) {
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    int first = SIZE * rank / ranks, rows = SIZE * (rank + 1) / ranks - first;
    int above = rank ? rank - 1 : MPI_PROC_NULL, below = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;

    for (int y = 1; y <= rows; y++)        /* hot along the left, and in a bar on the right; cold at the other edges */
        for (int x = 0; x < SIZE; x++) {
            int line = first + y - 1;
            now[y][x] = x == 0 || (x > 200 && x < 206 && line > 60 && line < 120) ? 100 : 0;
        }
    memcpy(next, now, sizeof now);
    for (int step = 0; step < STEPS; step++) {
        MPI_Sendrecv(now[1], SIZE, MPI_DOUBLE, above, 0, now[rows + 1], SIZE, MPI_DOUBLE, below, 0, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        MPI_Sendrecv(now[rows], SIZE, MPI_DOUBLE, below, 1, now[0], SIZE, MPI_DOUBLE, above, 1, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        for (int y = 1; y <= rows; y++) {
            int line = first + y - 1;
            if (line == 0 || line == SIZE - 1)
                continue;
            for (int x = 1; x < SIZE - 1; x++)
                if (!(x > 200 && x < 206 && line > 60 && line < 120))
                    next[y][x] = (now[y - 1][x] + now[y + 1][x] + now[y][x - 1] + now[y][x + 1]) / 4;
        }
        memcpy(now[1], next[1], sizeof now[0] * rows);
    }

    int counts[ranks], places[ranks];
    for (int other = 0; other < ranks; other++) {
        places[other] = SIZE * (SIZE * other / ranks);
        counts[other] = SIZE * (SIZE * (other + 1) / ranks) - places[other];
    }
    MPI_Gatherv(now[1], SIZE * rows, MPI_DOUBLE, whole, counts, places, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        printf("%d ranks, %d steps\n", ranks, STEPS);
        for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++)
                printf("%.6f%c", whole[y][x], x == SIZE - 1 ? '\n' : ' ');
    }
    MPI_Finalize();
    return 0;
}
