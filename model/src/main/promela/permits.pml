/*
 * A semaphore of two permits, three clients (two that want one, one that wants both): the number in the lock's row, the shares,
 * fences, expiry, a crash, the grace period and resuming.
 *
 * Property, named as in the checker of ./chaos:
 *   permits   those that clients believe to have, and those whose fenced transactions are open, are never more than there are
 *
 * Variants, each refuted: NO_COUNT NO_GRACE NO_SUM_AT_RESUME FENCE_IGNORED
 */
#define N 3
#define PERMITS 2
#define WEIGHT(i) ((i) == 2 -> 2 : 1)
#ifndef CRASHES
#define CRASHES 2
#endif

byte taken;          /* in the row of the lock, logged: what is taken, or more, never less */
bool share[N];       /* a row of _share, unlogged */
bool alive[N];       /* the session of that share; without it the share is over, and counts until somebody counts anew */
bool believes[N];    /* the client: it has its permits, by its local deadline */
bool fence[N];       /* a transaction under the fence of that share */
bool grace;
byte crashes;
byte k, sum;

#define USED(i) ((believes[i] || fence[i]) -> WEIGHT(i) : 0)

#ifdef FENCE_IGNORED
#define COUNTS(i) (share[i] && alive[i])
#else
#define COUNTS(i) (share[i] && (alive[i] || fence[i]))
#endif
#ifdef NO_COUNT
#define FITS(i) true
#else
#define FITS(i) (taken + WEIGHT(i) <= PERMITS)
#endif

inline check() {
    assert(USED(0) + USED(1) + USED(2) <= PERMITS)
}

/* Forgets shares that are over, and sums up the others */
inline count() {
    k = 0; sum = 0;
    do
    :: k < N ->
        if
        :: COUNTS(k) -> sum = sum + WEIGHT(k)
        :: else -> share[k] = false
        fi;
        k++
    :: else -> break
    od;
    taken = sum; k = 0; sum = 0
}

proctype Client(byte i) {
    do
    /* The short cut looks at the number alone; who does not fit counts the rows, and then knows */
    :: atomic { !grace && !believes[i] && !alive[i] && !fence[i] && !share[i] && taken + WEIGHT(i) <= 3 * PERMITS ->
        if
        :: FITS(i)
        :: !(FITS(i)) -> count()
        fi;
        if
        :: FITS(i) -> taken = taken + WEIGHT(i); share[i] = true; alive[i] = true; believes[i] = true; check()
        :: else
        fi }
    /* Gives back. Under a fence the share is marked, and counts until the transaction has ended */
    :: atomic { believes[i] && share[i] && alive[i] ->
        believes[i] = false; alive[i] = false;
        if
#ifndef FENCE_IGNORED
        :: fence[i]
#endif
        :: !fence[i] -> share[i] = false; taken = (taken >= WEIGHT(i) -> taken - WEIGHT(i) : 0)
        fi }
    /* Its deadline passes, and later its session ends */
    :: atomic { believes[i] -> believes[i] = false }
    :: atomic { !believes[i] && alive[i] -> alive[i] = false }
    /* A share that is over and not under a fence is forgotten */
    :: atomic { share[i] && !alive[i] && !fence[i] -> count() }
    /* Fenced transactions */
    :: atomic { share[i] && alive[i] && !fence[i] -> fence[i] = true; check() }
    :: atomic { fence[i] -> fence[i] = false }
    /* Resumes what it believes to have, in the grace period; the row is written anew with the sum */
    :: atomic { grace && believes[i] && !share[i] ->
        share[i] = true; alive[i] = true;
#ifndef NO_SUM_AT_RESUME
        count()
#endif
        }
    od
}

active proctype World() {
    atomic { run Client(0); run Client(1); run Client(2) };
    do
    /* A crash: shares and sessions are gone, transactions have ended, and the number is one of the past */
    :: atomic { crashes < CRASHES ->
        crashes++;
        share[0] = false; share[1] = false; share[2] = false;
        alive[0] = false; alive[1] = false; alive[2] = false;
        fence[0] = false; fence[1] = false; fence[2] = false;
        if
        :: taken = 0
        :: taken = 1
        :: taken = 2
        :: taken = 3 /* too much is possible, too: sessions that had ended */
        fi;
#ifndef NO_GRACE
        grace = true
#endif
        }
    /* The grace period ends when nobody can believe any more in what was not resumed: it is the longest timeout */
    :: atomic { grace && (share[0] || !believes[0]) && (share[1] || !believes[1]) && (share[2] || !believes[2]) -> grace = false }
    od
}
