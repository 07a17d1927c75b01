"""uvicorn, as we run it: alone, as one of several processes on a socket, or small beside other work."""
